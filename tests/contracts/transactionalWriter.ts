import { describe, expect, it } from 'vitest'
import { Fenced, TransactionNotOpen } from '../../lib/kafka/errors.ts'
import type { TransactionalWriter } from '../../lib/kafka/transactionalWriter.ts'
import type { OutgoingRecord, TopicLog } from '../../lib/ports.ts'

/** A place to write in, and to look at what readers see of it. */
export interface TransactionalWriterWorld {
  readonly log: TopicLog
  createTopic(partitionCount: number): Promise<string>
  transactionalWriter(transactionalId: string): TransactionalWriter
}

function record(topic: string, value: string): OutgoingRecord {
  return { topic, partition: 0, key: 'key', value }
}

/** What every `TransactionalWriter` must do; `world` is asked once per test. */
export function transactionalWriterContract(world: () => TransactionalWriterWorld): void {
  const visible = async (topic: string) => {
    const values: string[] = []
    for (let offset = 0; ; ) {
      const found = await world().log.firstFrom(topic, 0, offset)
      if (!found) return values
      values.push(Buffer.from(found.value ?? '').toString())
      offset = found.offset + 1
    }
  }
  const newId = () => `id-${crypto.randomUUID()}`

  describe('a transactional writer', () => {
    it('shows 2 records in each of 2 topics after a send, in their order', async () => {
      const topics = [await world().createTopic(1), await world().createTopic(1)]
      const writer = world().transactionalWriter(newId())
      await writer.open()
      await writer.send(['a', 'b'].flatMap(value => topics.map(topic => record(topic, value))))
      await expect.poll(() => Promise.all(topics.map(visible))).toEqual(Array(2).fill(['a', 'b']))
      await writer.close()
    })

    it('sends 20 transactions in a row after one open', async () => {
      const topic = await world().createTopic(1)
      const writer = world().transactionalWriter(newId())
      await writer.open()
      const values = Array.from({ length: 20 }, (_, i) => String(i))
      for (const value of values) await writer.send([record(topic, value)])
      await expect.poll(() => visible(topic)).toEqual(values)
      await writer.close()
    })

    it('has all of its last send visible as soon as it is open again, 10 times in a row', async () => {
      const topic = await world().createTopic(1)
      const writer = world().transactionalWriter(newId())
      for (let round = 0; round < 10; round++) {
        await writer.open()
        const last = await world().log.last(topic, 0)
        expect(last && Buffer.from(last.value!).toString()).toBe(round === 0 ? undefined : String(round - 1))
        await writer.send([record(topic, String(round))])
      }
      await writer.close()
    })

    it('fences the older of 2 at its next send, before anything of that is seen, until it opens again', async () => {
      const topic = await world().createTopic(1)
      const id = newId()
      const [older, newer] = [world().transactionalWriter(id), world().transactionalWriter(id)]
      await older.open()
      await older.send([record(topic, 'a')])
      await newer.open()
      await expect(older.send([record(topic, 'x')])).rejects.toThrow(Fenced)
      await newer.send([record(topic, 'b')])
      await older.open()
      await expect(newer.send([record(topic, 'y')])).rejects.toThrow(Fenced)
      await older.send([record(topic, 'c')])
      await expect.poll(() => visible(topic)).toEqual(['a', 'b', 'c'])
      await Promise.all([older.close(), newer.close()])
    })

    it('refuses to send before it is open, after it was fenced, and after it was closed', async () => {
      const topic = await world().createTopic(1)
      const id = newId()
      const [older, newer] = [world().transactionalWriter(id), world().transactionalWriter(id)]
      const refusal = () => expect(older.send([record(topic, 'x')])).rejects.toThrow(TransactionNotOpen)
      await refusal()
      await older.open()
      await newer.open()
      await expect(older.send([record(topic, 'x')])).rejects.toThrow(Fenced)
      await refusal()
      await older.open()
      await older.close()
      await refusal()
      expect(await visible(topic)).toEqual([])
      await newer.close()
    })

    it('puts records of one partition key into one of 4 partitions, whatever their keys', async () => {
      const topic = await world().createTopic(4)
      const writer = world().transactionalWriter(newId())
      await writer.open()
      const keys = Array.from({ length: 20 }, (_, i) => `key ${i}`)
      await writer.send(keys.map(key => ({ topic, key, partitionKey: 'symbol', value: null })))
      await writer.close()
      const filled = async () => {
        const ranges = await world().log.offsets(topic)
        return [...ranges.values()].filter(({ high }) => high > 0).length
      }
      expect(await filled()).toBe(1)
    })
  })
}
