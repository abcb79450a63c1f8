import { describe, expect, it } from 'vitest'
import { TopicMissing } from '../../lib/kafka/errors.ts'
import type { KafkaRecord, TopicLog, TopicTail } from '../../lib/ports.ts'
import type { RecordContents } from '../support/memoryTopicLog.ts'

/** A place where topics can be made and filled, with the log that is tested. */
export interface TopicLogWorld {
  readonly log: TopicLog & TopicTail
  /** Makes a topic of a name not used before. */
  createTopic(partitionCount: number): Promise<string>
  /** Ends the topic and makes one of the same name. */
  recreateTopic(topic: string, partitionCount: number): Promise<void>
  append(topic: string, partition: number, contents: readonly RecordContents[]): Promise<void>
  begin(): Promise<WorldTransaction>
  /** What a consumer group does when it has read a part. */
  commitGroup(groupId: string, topic: string, offsets: ReadonlyMap<number, number>): Promise<void>
  /** What retention does. */
  cutBelow(topic: string, partition: number, offset: number): Promise<void>
}

export interface WorldTransaction {
  append(topic: string, partition: number, contents: readonly RecordContents[]): Promise<void>
  commit(): Promise<void>
  abort(): Promise<void>
}

/** Records whose values are texts: a, b, c. */
export function texts(...values: string[]): RecordContents[] {
  return values.map(value => ({ value: Buffer.from(value) }))
}

function placeAndText(record: KafkaRecord | undefined) {
  return record && [record.offset, Buffer.from(record.value ?? '').toString()]
}

function numbered(count: number): RecordContents[] {
  return texts(...Array.from({ length: count }, (_, i) => String(i)))
}

/** What every `TopicLog` must do; `world` is asked once per test. */
export function topicLogContract(world: () => TopicLogWorld): void {
  const firstFrom = async (topic: string, offset: number) =>
    placeAndText(await world().log.firstFrom(topic, 0, offset))
  const last = async (topic: string) => placeAndText(await world().log.last(topic, 0))
  const range = async (topic: string) => (await world().log.offsets(topic)).get(0)
  /** Kafka writes a transaction's marker after it has answered. */
  const logReaches = (topic: string, high: number) =>
    expect.poll(() => range(topic), { interval: 10 }).toMatchObject({ high })
  const transact = async (topic: string, contents: RecordContents[], end: 'commit' | 'abort') => {
    const { high } = (await range(topic))!
    const transaction = await world().begin()
    await transaction.append(topic, 0, contents)
    await transaction[end]()
    await logReaches(topic, high + contents.length + 1)
  }

  const records = async (topic: string, from: number, to: number) => {
    const found: unknown[] = []
    for await (const some of world().log.records(topic, 0, from, to)) found.push(...some.map(placeAndText))
    return found
  }

  describe('a topic log', () => {
    it('gives all records of a stretch in order, without those of aborted and open transactions', async () => {
      const topic = await world().createTopic(1)
      await world().append(topic, 0, texts('a', 'b', 'c'))
      await transact(topic, texts('x'), 'abort')
      await transact(topic, texts('d'), 'commit')
      await world().append(topic, 0, texts('e'))
      const all = await records(topic, 0, 1_000)
      expect(all.map(place => (place as [number, string])[1])).toEqual(['a', 'b', 'c', 'd', 'e'])
      expect(await records(topic, 1, 3)).toEqual([
        [1, 'b'],
        [2, 'c'],
      ])
      const open = await world().begin()
      await open.append(topic, 0, texts('y'))
      await world().append(topic, 0, texts('z'))
      expect(await records(topic, 0, 1_000)).toEqual(all)
      await open.abort()
    })

    it('gives 20,000 records of a stretch, each once, and none of an empty topic', async () => {
      const topic = await world().createTopic(1)
      expect(await records(topic, 0, 10)).toEqual([])
      await world().append(topic, 0, numbered(20_000))
      expect(await records(topic, 5, 20_000)).toEqual(
        Array.from({ length: 19_995 }, (_, i) => [i + 5, String(i + 5)]),
      )
    })

    it('gives what retention has left when the stretch begins before', async () => {
      const topic = await world().createTopic(1)
      await world().append(topic, 0, numbered(6))
      await world().cutBelow(topic, 0, 4)
      expect(await records(topic, 0, 6)).toEqual([
        [4, '4'],
        [5, '5'],
      ])
    })

    it('gives what comes to 3 partitions piece by piece, each record once, to the end', async () => {
      const topic = await world().createTopic(3)
      await world().append(topic, 0, numbered(5_000))
      await transact(topic, texts('x'), 'abort')
      await world().append(topic, 2, texts('a', 'b', 'c'))
      const from = new Map([[2, 1]])
      const found = new Map<number, unknown[]>([0, 1, 2].map(partition => [partition, []]))
      for (let isDone = false; !isDone; ) {
        const pieces = await world().log.pieces(topic, from)
        for (const { partition, records, next } of pieces) {
          found.get(partition)!.push(...records.map(placeAndText))
          from.set(partition, next)
        }
        isDone = pieces.every(({ next, end }) => next >= end)
      }
      expect(found.get(0)).toEqual(Array.from({ length: 5_000 }, (_, i) => [i, String(i)]))
      expect(found.get(1)).toEqual([])
      expect(found.get(2)).toEqual([
        [1, 'b'],
        [2, 'c'],
      ])
      expect(from).toEqual(
        new Map([
          [2, 3],
          [0, 5_002],
          [1, 0],
        ]),
      )
      await expect(world().log.pieces('no-such-topic', from)).rejects.toThrow(TopicMissing)
    })

    it('ends a piece where a transaction is open', async () => {
      const topic = await world().createTopic(1)
      await world().append(topic, 0, texts('a'))
      const open = await world().begin()
      await open.append(topic, 0, texts('b'))
      await world().append(topic, 0, texts('c'))
      const piece = async (from: number) => (await world().log.pieces(topic, new Map([[0, from]])))[0]!
      const before = await piece(0)
      expect([before.records.map(placeAndText), before.next, before.end]).toEqual([[[0, 'a']], 1, 1])
      expect(await piece(1)).toEqual({ partition: 0, records: [], next: 1, end: 1 })
      await open.commit()
      await expect.poll(async () => (await piece(1)).end).toBe(4)
      expect((await piece(1)).records.map(placeAndText)).toEqual([
        [1, 'b'],
        [2, 'c'],
      ])
    })

    it('begins a piece at the first of 2 records left by retention, and gives the end of a log that ends before it', async () => {
      const topic = await world().createTopic(2)
      await world().append(topic, 0, numbered(6))
      await world().append(topic, 1, numbered(2))
      await world().cutBelow(topic, 0, 4)
      const from = new Map([
        [0, 1],
        [1, 9],
      ])
      const pieces = await world().log.pieces(topic, from)
      const told = pieces
        .toSorted((a, b) => a.partition - b.partition)
        .map(({ records, next, end }) => ({ places: records.map(placeAndText), next, end }))
      expect(told[0]).toEqual({
        places: [
          [4, '4'],
          [5, '5'],
        ],
        next: 6,
        end: 6,
      })
      expect(told[1]).toEqual({ places: [], next: 9, end: 2 })
    })

    it('finds the first record of a time or later, in each partition that has one', async () => {
      const topic = await world().createTopic(3)
      const at = (...timesMs: number[]) => timesMs.map(timestampMs => ({ timestampMs }))
      await world().append(topic, 0, at(1_000, 3_000, 2_000, 4_000))
      await world().append(topic, 1, at(500))
      const found = (timestampMs: number) => world().log.offsetsAt(topic, timestampMs)
      expect(await found(0)).toEqual(
        new Map([
          [0, 0],
          [1, 0],
        ]),
      )
      expect(await found(2_000)).toEqual(new Map([[0, 1]]))
      expect(await found(4_000)).toEqual(new Map([[0, 3]]))
      expect(await found(4_001)).toEqual(new Map())
    })

    it('throws TopicMissing for a topic and for a partition that do not exist', async () => {
      const topic = await world().createTopic(1)
      await expect(world().log.offsets('no-such-topic')).rejects.toThrow(TopicMissing)
      await expect(world().log.last('no-such-topic', 0)).rejects.toThrow(TopicMissing)
      await expect(world().log.firstFrom(topic, 1, 0)).rejects.toThrow(TopicMissing)
    })

    it('gives 0 to 0 for each of 2 empty partitions, and no first or last record', async () => {
      const topic = await world().createTopic(2)
      const empty = { low: 0, high: 0 }
      expect(await world().log.offsets(topic)).toEqual(new Map([0, 1].map(partition => [partition, empty])))
      expect(await firstFrom(topic, 0)).toBeUndefined()
      expect(await last(topic)).toBeUndefined()
    })

    it('gives back key, value, time and a header with 2 values, byte for byte', async () => {
      const topic = await world().createTopic(1)
      const full = {
        key: Buffer.from([0, 0, 0, 0]),
        value: Buffer.from([0xff, 0x00, 0x80]),
        timestampMs: 1_767_225_600_123,
        headers: { one: Buffer.from('1'), two: [Buffer.from('a'), Buffer.from('b')] },
      }
      await world().append(topic, 0, [full, { timestampMs: 1 }])
      expect(await world().log.firstFrom(topic, 0, 0)).toEqual({ offset: 0, ...full })
      const nothing = { offset: 1, key: null, value: null, timestampMs: 1, headers: {} }
      expect(await world().log.last(topic, 0)).toEqual(nothing)
    })

    it('finds any of 3 records by its offset, and none at or beyond the end', async () => {
      const topic = await world().createTopic(1)
      await world().append(topic, 0, texts('a', 'b', 'c'))
      expect(await range(topic)).toEqual({ low: 0, high: 3 })
      expect(await firstFrom(topic, 1)).toEqual([1, 'b'])
      expect(await last(topic)).toEqual([2, 'c'])
      expect(await firstFrom(topic, 3)).toBeUndefined()
      expect(await firstFrom(topic, 1000)).toBeUndefined()
    })

    it('tells the offsets that markers and aborted records hold, and no others', async () => {
      const topic = await world().createTopic(1)
      await world().append(topic, 0, texts('a'))
      await transact(topic, texts('x', 'y'), 'abort')
      await transact(topic, texts('b'), 'commit')
      await world().append(topic, 0, texts('c'))
      expect(await world().log.unseen(topic, 0, 0, 7)).toEqual([1, 2, 3, 5])
      expect(await world().log.unseen(topic, 0, 2, 5)).toEqual([2, 3])
      expect(await world().log.isCompacted(topic)).toBe(false)
      await expect(world().log.isCompacted('no-such-topic')).rejects.toThrow(TopicMissing)
    })

    it('steps over the marker that ends a committed transaction', async () => {
      const topic = await world().createTopic(1)
      await transact(topic, texts('a', 'b'), 'commit')
      expect(await last(topic)).toEqual([1, 'b'])
      expect(await firstFrom(topic, 2)).toBeUndefined()
      await world().append(topic, 0, texts('c'))
      expect(await firstFrom(topic, 2)).toEqual([3, 'c'])
    })

    it('sees nothing of an aborted transaction of 3 records, before or behind others', async () => {
      const topic = await world().createTopic(1)
      await world().append(topic, 0, texts('a'))
      await transact(topic, texts('x', 'y', 'z'), 'abort')
      expect(await range(topic)).toEqual({ low: 0, high: 5 })
      expect(await firstFrom(topic, 1)).toBeUndefined()
      expect(await last(topic)).toEqual([0, 'a'])
      await world().append(topic, 0, texts('b'))
      expect(await firstFrom(topic, 2)).toEqual([5, 'b'])
    })

    it('walks back over 30 aborted transactions of 10 records to the only visible one', async () => {
      const topic = await world().createTopic(1)
      await world().append(topic, 0, texts('a'))
      for (let i = 0; i < 30; i++) await transact(topic, numbered(10), 'abort')
      expect(await range(topic)).toEqual({ low: 0, high: 331 })
      expect(await last(topic)).toEqual([0, 'a'])
      expect(await firstFrom(topic, 1)).toBeUndefined()
    })

    it('tells 2 interleaved transactions apart, one committed, one aborted', async () => {
      const topic = await world().createTopic(1)
      const [kept, dropped] = [await world().begin(), await world().begin()]
      await dropped.append(topic, 0, texts('x'))
      await kept.append(topic, 0, texts('a'))
      await dropped.append(topic, 0, texts('y'))
      await kept.append(topic, 0, texts('b'))
      await kept.commit()
      await dropped.abort()
      await logReaches(topic, 6)
      expect(await firstFrom(topic, 0)).toEqual([1, 'a'])
      expect(await firstFrom(topic, 2)).toEqual([3, 'b'])
      expect(await last(topic)).toEqual([3, 'b'])
    })

    it('hides everything from the first record of an open transaction on, until it ends', async () => {
      const topic = await world().createTopic(1)
      await world().append(topic, 0, texts('a'))
      const open = await world().begin()
      await open.append(topic, 0, texts('b'))
      await world().append(topic, 0, texts('c'))
      expect(await range(topic)).toEqual({ low: 0, high: 3 })
      expect(await last(topic)).toEqual([0, 'a'])
      expect(await firstFrom(topic, 1)).toBeUndefined()
      await open.commit()
      await expect.poll(() => last(topic)).toEqual([2, 'c'])
      expect(await firstFrom(topic, 1)).toEqual([1, 'b'])
    })

    it('begins at the first of 3 records left by retention, and finds none when all 8 are gone', async () => {
      const topic = await world().createTopic(1)
      await world().append(topic, 0, numbered(8))
      await world().cutBelow(topic, 0, 5)
      expect(await range(topic)).toEqual({ low: 5, high: 8 })
      expect(await firstFrom(topic, 0)).toEqual([5, '5'])
      expect(await last(topic)).toEqual([7, '7'])
      await world().cutBelow(topic, 0, 8)
      expect(await range(topic)).toEqual({ low: 8, high: 8 })
      expect(await firstFrom(topic, 0)).toBeUndefined()
      expect(await last(topic)).toBeUndefined()
    })

    it('tells a topic by its id from one of the same name that is made later, whatever retention does', async () => {
      const topic = await world().createTopic(2)
      const id = await world().log.topicId(topic)
      expect(id).toMatch(/^[0-9a-f]{8}/)
      await world().append(topic, 0, numbered(3))
      await world().cutBelow(topic, 0, 3)
      expect(await world().log.topicId(topic)).toBe(id)
      expect(await world().log.topicId(await world().createTopic(1))).not.toBe(id)
      await world().recreateTopic(topic, 2)
      expect(await world().log.topicId(topic)).not.toBe(id)
      await expect(world().log.topicId('no-such-topic')).rejects.toThrow(TopicMissing)
    })

    it('tells where a group goes on, and nothing of partitions for which it has committed nothing', async () => {
      const topic = await world().createTopic(3)
      const group = crypto.randomUUID()
      expect(await world().log.groupOffsets(group, topic)).toEqual(new Map())
      const offsets = new Map([
        [0, 0],
        [2, 7],
      ])
      await world().commitGroup(group, topic, offsets)
      expect(await world().log.groupOffsets(group, topic)).toEqual(offsets)
      await expect(world().log.groupOffsets(group, 'no-such-topic')).rejects.toThrow(TopicMissing)
    })

    it('reads a topic that was deleted and made anew from offset 0', async () => {
      const topic = await world().createTopic(1)
      await world().append(topic, 0, numbered(5))
      expect(await last(topic)).toEqual([4, '4'])
      await world().recreateTopic(topic, 2)
      expect(await firstFrom(topic, 4)).toBeUndefined()
      await world().append(topic, 0, texts('new'))
      expect(await range(topic)).toEqual({ low: 0, high: 1 })
      expect(await last(topic)).toEqual([0, 'new'])
    })
  })
}
