import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KafkaTopicLog } from '../../lib/kafka/topicLog.ts'
import { KafkaTopicWriter } from '../../lib/kafka/topicWriter.ts'
import { candleRoutes } from '../../lib/lambda/candleRoutes.ts'
import { FollowTicks } from '../../lib/live/followTicks.ts'
import { TIMEFRAMES } from '../../lib/market/timeframe.ts'
import type { TopicTail } from '../../lib/ports.ts'
import { TableArchive } from '../../lib/query/tableArchive.ts'
import { readFrom } from '../../lib/tables/offsetVector.ts'
import { EMPTY_STATE } from '../support/memoryArchive.ts'
import { SETTINGS, tickJson } from '../support/world.ts'
import { startKafka } from './kafkaOfItsOwn.ts'
import { KafkaWorld } from './kafkaWorld.ts'
import { openWorld, type World } from './rollupWorld.ts'
import { services } from './sandbox.ts'

const SYMBOL = 'EURUSD'
const NAMES = TIMEFRAMES.map(({ name }) => name)

const kafka = new KafkaWorld()
afterAll(() => kafka.close())

/** A candle of the JSON answer. */
interface Shown {
  readonly dateTime: string
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
  readonly live?: true
  readonly asOf?: string
}

describe('GET /candles', () => {
  let world: World
  let viewer: ReturnType<typeof services>
  let get: (timeframe: string) => Promise<Shown[]>

  beforeAll(async () => {
    world = await openWorld('live')
    viewer = services({ TICKS_TOPIC: world.topic, EARLIEST_TICK: '1700-01-01T00:00:00Z' })
    const routes = candleRoutes(new TableArchive(viewer), viewer)
    get = async timeframe => {
      const query = new URLSearchParams({ source: world.id, symbol: SYMBOL, timeframe })
      const { body } = await routes['GET /candles']!({ query, path: {}, headers: {} })
      return JSON.parse(typeof body === 'string' ? body : await body()).candles
    }
    await send(5, 3)
    await commit()
  })
  afterAll(async () => {
    await viewer.close()
    await world.close()
  })

  /** Sends ticks of now to different partitions. Returns the time at which Kafka had acknowledged them. */
  async function send(...prices: number[]): Promise<number> {
    world.clock.nowMs = Date.now()
    const dateTime = new Date(world.clock.nowMs).toISOString().slice(0, 23)
    await world.send(prices.map((mid, number) => ({ symbol: SYMBOL, mid, number, dateTime })))
    return Date.now()
  }

  async function commit(): Promise<void> {
    await world.ingest()
    world.clock.nowMs = Date.now()
    await world.rollup()
  }

  /** The candles of a timeframe, by the first look after a moment. */
  async function shownAfter(sentMs: number, timeframe: string): Promise<Shown[]> {
    let candles: Shown[] = []
    const asOfMs = async () => {
      candles = await get(timeframe)
      return Date.parse(candles.at(-1)?.asOf ?? '')
    }
    await expect.poll(asOfMs, { interval: 50 }).toBeGreaterThanOrEqual(sentMs)
    return candles
  }

  /** Waits for the marker of a transaction, which Kafka writes after it has answered: readers stop before it until then. */
  async function kafkaIsRead(): Promise<void> {
    const { log } = kafka
    const highs = async () =>
      new Map([...(await log.offsets(world.topic))].map(([partition, { high }]) => [partition, high]))
    const lacking = async () => {
      const ends = await highs()
      return (await log.pieces(world.topic, ends)).filter(({ partition, end }) => end < ends.get(partition)!)
    }
    await expect.poll(lacking, { interval: 20 }).toEqual([])
  }

  const volume = (candles: readonly Shown[]) => candles.reduce((sum, candle) => sum + candle.volume, 0)

  test('holds each tick by the first look after it was sent, and none of an aborted transaction', async () => {
    let sent = volume(await get('m1'))
    for (let n = 0; n < 5; n++) {
      const aborted = await kafka.begin()
      const value = { source: world.id, symbol: SYMBOL, ask: 1, bid: 1, mid: 1_000, number: 1 }
      const dateTime = new Date().toISOString().slice(0, 23)
      await aborted.append(world.topic, n % 4, [
        { value: Buffer.from(JSON.stringify({ ...value, dateTime })) },
      ])
      await aborted.abort()
      await kafkaIsRead()
      const sentMs = await send(4 + n, 6 + n)
      sent += 2
      const candles = await shownAfter(sentMs, 'm1')
      expect(candles.at(-1)).toMatchObject({ live: true, close: 6 + n })
      expect(volume(candles)).toBe(sent)
      expect(Math.max(...candles.map(({ high }) => high))).toBe(Math.max(5, 6 + n))
    }
  })

  test('shows the candles of all 11 timeframes that the rollup then commits', async () => {
    const sentMs = await send(7, 2, 9, 8)
    const shown = new Map<string, Shown[]>()
    for (const name of NAMES) shown.set(name, await shownAfter(sentMs, name))
    await commit()
    await expect.poll(async () => (await get('m1')).at(-1)?.live).toBeUndefined()
    for (const name of NAMES) {
      const stored = await get(name)
      expect(stored.map(valuesOf)).toEqual(shown.get(name)!.map(valuesOf))
      expect(stored.some(({ live }) => live)).toBe(false)
    }
  })
})

function valuesOf({ dateTime, open, high, low, close, volume }: Shown) {
  return { dateTime, open, high, low, close, volume }
}

describe('a follower of a real topic', () => {
  const settings = (ticksTopic: string) => ({ ...SETTINGS, ticksTopic })
  const follow = (ticksTopic: string, topicTail: TopicTail) => {
    const log = { debug: () => {}, info: () => {}, warn: () => {} }
    return new FollowTicks({ topicTail, settings: settings(ticksTopic), log, nowMs: Date.now })
  }
  const tick = (n: number) => Buffer.from(tickJson(n, new Date().toISOString().slice(0, 23)))
  const count =
    (live: FollowTicks, state = EMPTY_STATE) =>
    async () =>
      (await live.look(state, { source: 's', symbol: 'x' }))?.minutes.reduce(
        (sum, { all }) => sum + all.volume,
        0,
      )

  test('has nothing while its broker is away, and all of it when it is back', async () => {
    const own = await startKafka({ 'log.flush.interval.messages': 1 })
    const [log, writer] = [new KafkaTopicLog(own.kafka), new KafkaTopicWriter(own.kafka)]
    try {
      const topic = 'live'
      const admin = own.kafka.admin()
      await admin.connect()
      await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true })
      await admin.disconnect()
      const live = follow(topic, log)
      await writer.send([0, 1].map(n => ({ topic, partition: n, key: null, value: tick(n) })))
      await expect.poll(count(live)).toBe(2)
      await own.restart(async () => {
        await expect.poll(count(live)).toBeUndefined()
      })
      await expect.poll(count(live)).toBe(2)
      await writer.send([{ topic, partition: 1, key: null, value: tick(3) }])
      await expect.poll(count(live)).toBe(3)
      await live.close()
    } finally {
      await Promise.all([log.close(), writer.close()])
      await own.remove()
    }
  })

  test('shows nothing of a topic that was made again', async () => {
    const topic = await kafka.createTopic(2)
    const vector = readFrom(EMPTY_STATE.vector, await kafka.log.topicId(topic))
    const state = { ...EMPTY_STATE, vector }
    await kafka.append(topic, 0, [{ value: tick(1) }])
    const live = follow(topic, kafka.log)
    await expect.poll(count(live, state)).toBe(1)
    await kafka.recreateTopic(topic, 2)
    await kafka.append(topic, 0, [{ value: tick(1) }, { value: tick(2) }])
    await expect.poll(count(live, state)).toBeUndefined()
    await live.close()
  })

  test('reads partitions that are added', async () => {
    const topic = await kafka.createTopic(1)
    await kafka.append(topic, 0, [{ value: tick(1) }])
    const live = follow(topic, kafka.log)
    await expect.poll(count(live)).toBe(1)
    await kafka.addPartitions(topic, 3)
    // The first writer does not know these partitions, and would send nothing to them.
    const writer = new KafkaTopicWriter(kafka.kafka)
    await writer.send([{ topic, partition: 2, key: null, value: tick(2) }])
    await writer.close()
    await expect.poll(count(live)).toBe(2)
    await live.close()
  })
})
