import { beforeEach, describe, expect, test } from 'vitest'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { type PublishServices, publishCandles, readMark } from '../../lib/publish/publishCandles.ts'
import { pipelineStatus } from '../../lib/status/pipelineStatus.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { CountingStore } from '../support/countingStore.ts'
import { MemoryTransactionalWriter } from '../support/memoryProducers.ts'
import { MemoryTopicLog } from '../support/memoryTopicLog.ts'
import { candle, storeCandles } from '../support/storeCandles.ts'
import { newWorld, SETTINGS, type World } from '../support/world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})

const store = (...files: Candle[][]) => storeCandles(world, ...files)

function publish(changes: Partial<PublishServices> = {}, remainingMs = 300_000) {
  return publishCandles({ ...world.services, ...changes }, () => remainingMs)
}

/** A process of its own, cold, that publishes under the same id as all others with these owners. */
function process(owners = new Map()) {
  const candleWriter = new MemoryTransactionalWriter(world.log, owners, 'publisher')
  return { candleWriter, published: { mark: undefined } }
}

/** Volume and revision of each message on candle_m1, by partition, as they were sent. */
async function sent(): Promise<{ partition: number; symbol: string; volume: number; revision: number }[]> {
  const found = []
  for (const [partition, { high }] of await world.log.offsets('candle_m1')) {
    for (let offset = 0; offset < high; offset++) {
      const record = await world.log.firstFrom('candle_m1', partition, offset)
      if (record?.offset !== offset) continue
      const { symbol, volume, revision } = JSON.parse(String(record.value))
      found.push({ partition, symbol, volume, revision })
    }
  }
  return found
}

/** As `volume:revision`, sorted: what was sent twice stands twice. */
async function sentRevisions(): Promise<string[]> {
  return (await sent()).map(({ volume, revision }) => `${volume}:${revision}`).sort()
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('publishCandles', () => {
  test('sends every candle once, each symbol to one partition, and then nothing more', async () => {
    await store(numbers(20).map(n => candle(n, 100)))
    expect(await publish()).toEqual({ sent: 20, transactions: 1, fenced: false, complete: true })
    expect(await publish()).toEqual({ sent: 0, transactions: 0, fenced: false, complete: true })
    expect(await publish(process())).toMatchObject({ sent: 0, transactions: 0 })
    const messages = await sent()
    expect(messages.map(({ volume }) => volume).sort((a, b) => a - b)).toEqual(numbers(20))
    for (const of of Map.groupBy(messages, ({ symbol }) => symbol).values()) {
      expect(new Set(of.map(({ partition }) => partition)).size).toBe(1)
    }
  })

  test('sends only what changed since, in the order of stamps', async () => {
    await store([candle(1, 100), candle(2, 100)])
    await publish()
    await store([candle(9, 300, 3), candle(1, 100)], [candle(2, 200, 2)])
    expect(await publish()).toMatchObject({ sent: 2 })
    expect(await sentRevisions()).toEqual(['1:1', '2:1', '2:2', '9:3'])
    const ofSymbol = (await sent()).filter(({ symbol }) => symbol === 'x2')
    expect(ofSymbol.map(({ revision }) => revision)).toEqual([1, 2, 3])
  })

  test('10,001 candles go out in 3 transactions of at most 5,000', async () => {
    await store(numbers(10_001).map(n => candle(n, 100)))
    expect(await publish()).toMatchObject({ sent: 10_001, transactions: 3, complete: true })
    expect(new Set(await sentRevisions()).size).toBe(10_001)
  })

  test('when time runs out it ends after 1 transaction, and the next call goes on behind it', async () => {
    await store(numbers(5_500).map(n => candle(n, 100)))
    expect(await publish({}, 0)).toEqual({ sent: 5_000, transactions: 1, fenced: false, complete: false })
    expect(await publish(process())).toMatchObject({ sent: 500, transactions: 1, complete: true })
    expect(new Set(await sentRevisions()).size).toBe(5_500)
    expect(await sent()).toHaveLength(5_500)
  })

  test('after a failed send nothing of it is visible, and the next call sends each once', async () => {
    await store([candle(1, 100), candle(2, 100)])
    const broken = process()
    broken.candleWriter.send = async () => {
      throw new Error('gone')
    }
    await expect(publish(broken)).rejects.toThrow('gone')
    expect(await sent()).toEqual([])
    expect(await publish()).toMatchObject({ sent: 2 })
    expect(await sentRevisions()).toEqual(['1:1', '2:1'])
  })

  test.each(['cold', 'warm'])(
    'a %s publisher that loses the answer to a send sends nothing twice',
    async how => {
      const unlucky = process()
      if (how === 'warm') {
        await store([candle(7, 50)])
        await publish(unlucky)
      }
      const send = unlucky.candleWriter.send.bind(unlucky.candleWriter)
      unlucky.candleWriter.send = async records => {
        await send(records)
        unlucky.candleWriter.send = send
        throw new Error('no answer')
      }
      await store([candle(1, 100), candle(2, 100)])
      const first = await publish(unlucky).catch((error: Error) => error.message)
      expect(first).toEqual(
        how === 'cold' ? 'no answer' : expect.objectContaining({ sent: 0, complete: true }),
      )
      await publish(unlucky)
      expect((await sentRevisions()).filter(each => each !== '7:1')).toEqual(['1:1', '2:1'])
    },
  )

  test('of two publishers the older one is fenced, ends with success, and works again at its next call', async () => {
    await store([candle(1, 100)])
    const owners = new Map()
    const [older, newer] = [process(owners), process(owners)]
    const send = older.candleWriter.send.bind(older.candleWriter)
    older.candleWriter.send = async records => {
      await publish(newer)
      return send(records)
    }
    expect(await publish(older)).toEqual({ sent: 0, transactions: 0, fenced: true, complete: false })
    older.candleWriter.send = send
    await store([candle(1, 100), candle(2, 200)])
    expect(await publish(older)).toMatchObject({ sent: 1, fenced: false })
    expect(await sentRevisions()).toEqual(['1:1', '2:1'])
  })

  test('a publisher that takes over in mid-commit sends the rest of what the older one had begun', async () => {
    const owners = new Map()
    const [older, newer] = [process(owners), process(owners)]
    const open = newer.candleWriter.open.bind(newer.candleWriter)
    newer.candleWriter.open = async () => {
      await store(numbers(5_100).map(n => candle(n, 100)))
      expect(await publish(older, 0)).toMatchObject({ sent: 5_000, complete: false })
      return open()
    }
    expect(await publish(newer)).toMatchObject({ sent: 100, complete: true })
    expect(await sent()).toHaveLength(5_100)
  })

  test('a warm publisher that another one fenced since its last call sends all the same', async () => {
    const owners = new Map()
    const [one, other] = [process(owners), process(owners)]
    await store([candle(1, 100)])
    await publish(one)
    await store([candle(1, 100), candle(2, 200)])
    await publish(other)
    await store([candle(1, 100), candle(2, 200), candle(3, 300)])
    expect(await publish(one)).toEqual({ sent: 1, transactions: 1, fenced: false, complete: true })
    expect(await sentRevisions()).toEqual(['1:1', '2:1', '3:1'])
  })

  test('a warm publisher asks Kafka for nothing before its transaction, and reads only files with news', async () => {
    await store([candle(1, 100)], [candle(2, 100)])
    await publish()
    await store([candle(1, 100)], [candle(2, 100)], [candle(3, 200)])
    const counting = new CountingStore(world.services.store)
    const topicLog = new MemoryTopicLog() // without a single topic: whoever asks it is refused
    await expect(publish({ store: counting, topicLog })).rejects.toThrow(/npm run set-up/)
    expect(await sentRevisions()).toEqual(['1:1', '2:1', '3:1'])
    expect(counting.dataFilesRead).toHaveLength(1)
  })

  test('a publisher that found nothing to send is warm as well: its next call does not open again', async () => {
    await store([candle(1, 100)])
    await publish()
    const idle = process()
    let opened = 0
    const open = idle.candleWriter.open.bind(idle.candleWriter)
    idle.candleWriter.open = () => {
      opened += 1
      return open()
    }
    for (let call = 0; call < 3; call++)
      expect(await publish(idle)).toMatchObject({ sent: 0, complete: true })
    await store([candle(1, 100), candle(2, 200)])
    expect(await publish(idle)).toMatchObject({ sent: 1 })
    expect(opened).toBe(1)
  })

  async function aSecondAfterTheCommit(): Promise<void> {
    const table = await world.catalog.loadTable(CANDLES_TABLE)
    world.clock.nowMs = currentSnapshot(table)!.timestampMs + 1_000
  }

  test('moves the mark over a commit that changed no candle, so that nothing counts as waiting', async () => {
    await store([candle(1, 100)])
    await publish()
    await store([candle(1, 100)])
    await aSecondAfterTheCommit()
    expect((await pipelineStatus(world.services)).publishLagMs).toBe(1_000)
    expect(await publish()).toMatchObject({ sent: 0, transactions: 1 })
    expect(await publish()).toMatchObject({ sent: 0, transactions: 0 })
    expect((await pipelineStatus(world.services)).publishLagMs).toBe(0)
  })

  test('counts a candle as waiting while only a part of its commit is sent', async () => {
    await store(numbers(5_100).map(n => candle(n, 100)))
    await publish({}, 0)
    expect((await readMark(world.services))?.stampUs).toBe(100)
    await aSecondAfterTheCommit()
    expect((await pipelineStatus(world.services)).publishLagMs).toBe(1_000)
  })

  test('another candles table is sent from its beginning', async () => {
    const mark = { tableUuid: 'another', stampUs: 999_999 }
    world.log.append(SETTINGS.markTopic, 0, [{ value: Buffer.from(JSON.stringify(mark)) }])
    await store([candle(1, 100)])
    expect(await publish()).toMatchObject({ sent: 1 })
  })
})
