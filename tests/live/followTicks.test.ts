import { beforeEach, describe, expect, test } from 'vitest'
import { beginEpoch } from '../../lib/ingest/beginEpoch.ts'
import { KafkaUnavailable } from '../../lib/kafka/errors.ts'
import type { LiveTicks } from '../../lib/live/liveLook.ts'
import { beginAt } from '../../lib/live/readOn.ts'
import type { TopicTail } from '../../lib/ports.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import type { CandlesState } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { readFrom } from '../../lib/tables/offsetVector.ts'
import { failingTopicLog } from '../support/failingTopicLog.ts'
import { addTicks, rollBack, stateOfCandles, withTrino } from '../support/rollupCalls.ts'
import { batch, ingest, newWorld, produce, SETTINGS, tickJson, type World } from '../support/world.ts'
import { follow, requestOf, shown, valuesOf } from './viewer.ts'

const SYMBOL = { source: 's', symbol: 'x' }
const NOON_US = Date.UTC(2026, 2, 1, 12) * 1000

let world: World
beforeEach(async () => {
  world = await newWorld()
})

/** Runs a rollup that closes nothing, and does not wait for `ingest`. */
const rollUp = () => {
  const topicLog = failingTopicLog(new KafkaUnavailable('reading', new Error('away')))
  return rollupCandles({ ...withTrino(world), topicLog }, UNBOUNDED)
}
const pass = (ms: number) => {
  world.clock.nowMs += ms
}
const look = async (live: LiveTicks, of = SYMBOL) => live.look(await stateOfCandles(world), of)
/** The count of uncommitted ticks of the symbol that are shown. */
const countLive = async (live: LiveTicks) =>
  (await look(live))?.minutes.reduce((sum, { below, all }) => sum + all.volume - (below?.volume ?? 0), 0)
/** A record whose tick has another time than the record's timestamp. */
const at = (dateTime: string, timestampMs: number) => ({
  timestampMs,
  value: Buffer.from(tickJson(1, dateTime)),
})

/** The world's log; it counts reads of pieces, and runs `before` ahead of each, which may wait or fail. */
function watched() {
  const state = { pieces: 0, before: async () => {} }
  const { log } = world
  const topicTail: TopicTail = {
    topicId: topic => log.topicId(topic),
    offsets: topic => log.offsets(topic),
    firstFrom: (...place) => log.firstFrom(...place),
    offsetsAt: (...time) => log.offsetsAt(...time),
    async pieces(...from) {
      state.pieces += 1
      await state.before()
      return log.pieces(...from)
    },
  }
  return { topicTail, state }
}

describe('those who look at the same time', () => {
  test('share one reading of the log, and another one half a second later', async () => {
    const { topicTail, state } = watched()
    const live = follow(world, { topicTail })
    produce(world, 0, tickJson(1))
    const counts = await Promise.all(Array.from({ length: 50 }, () => countLive(live)))
    expect(counts).toEqual(Array.from({ length: 50 }, () => 1))
    expect(state.pieces).toBe(1)
    produce(world, 0, tickJson(2))
    pass(499)
    expect(await countLive(live)).toBe(1)
    pass(1)
    expect(await countLive(live)).toBe(2)
    expect(state.pieces).toBe(2)
  })

  test('read 120 records in pieces, each once', async () => {
    const live = follow(world)
    produce(world, 0, ...Array.from({ length: 120 }, (_, i) => tickJson(i)))
    expect(await countLive(live)).toBe(120)
    pass(500)
    expect(await countLive(live)).toBe(120)
  })
})

describe('while Kafka does not answer', () => {
  test('a look has nothing, and the reading that was begun serves a later one', async () => {
    const { topicTail, state } = watched()
    const live = follow(world, { topicTail })
    const answer = Promise.withResolvers<void>()
    state.before = () => answer.promise
    produce(world, 0, tickJson(1))
    expect(await look(live)).toBeUndefined()
    pass(5_000)
    expect(await look(live)).toBeUndefined()
    expect(state.pieces).toBe(1)
    answer.resolve()
    await expect.poll(() => countLive(live)).toBe(1)
  })

  test('what was read is shown for less than a second', async () => {
    const { topicTail, state } = watched()
    const live = follow(world, { topicTail })
    produce(world, 0, tickJson(1))
    expect(await countLive(live)).toBe(1)
    state.before = () => new Promise(() => {})
    pass(999)
    expect(await countLive(live)).toBe(1)
    pass(1)
    expect(await countLive(live)).toBeUndefined()
  })

  test('it is logged once, and all is there when it is back', async () => {
    const { topicTail, state } = watched()
    const warnings: unknown[] = []
    const live = follow(world, { topicTail, warnings })
    produce(world, 0, tickJson(1))
    expect(await countLive(live)).toBe(1)
    state.before = () => Promise.reject(new KafkaUnavailable('reading', new Error('connection refused')))
    produce(world, 0, tickJson(2))
    for (let looks = 0; looks < 5; looks++) {
      pass(1_000)
      expect(await look(live)).toBeUndefined()
    }
    expect(warnings).toEqual([expect.stringContaining('connection refused')])
    state.before = async () => {}
    pass(1_000)
    expect(await countLive(live)).toBe(2)
  })
})

test('minutes of too many symbols are given up, and not read all again for half a minute', async () => {
  const { topicTail, state } = watched()
  const live = follow(world, { topicTail })
  const many = (of: number) =>
    Array.from({ length: 50_100 }, (_, i) => tickJson(i).replace('"x"', `"${of}-${i}"`))
  for (let partition = 0; partition < 4; partition++) produce(world, partition, ...many(partition))
  const tried = async () => {
    const { pieces } = state
    await look(live)
    await live.close()
    expect(await look(live)).toBeUndefined()
    return state.pieces > pieces
  }
  expect(await tried()).toBe(true)
  for (let seconds = 0; seconds < 29; seconds++) {
    pass(1_000)
    expect(await tried()).toBe(false)
  }
  pass(1_000)
  expect(await tried()).toBe(true)
})

describe('a minute of which ticks are stored', () => {
  test('goes on from them, also for those who begin to look later', async () => {
    await addTicks(world, ['2026-03-01T12:00:01', '2026-03-01T12:00:02'], { mid: 5 })
    const early = follow(world)
    await look(early)
    await rollUp()
    produce(world, 1, tickJson(1, '2026-03-01T12:00:01.5'), 'no tick')
    for (const live of [early, follow(world)]) {
      pass(600)
      const page = await shown(world, live, requestOf('x', 'm1'))
      expect(page?.candles.map(valuesOf)).toEqual([
        { dateTimeUs: NOON_US, open: 5, high: 5, low: 1.5, close: 5, volume: 3 },
      ])
      expect(page?.candles[0]).toMatchObject({ revision: 1, closed: false })
    }
  })

  test('stays as it is stored where the log has not all of these any more', async () => {
    await addTicks(world, ['2026-03-01T12:00:01', '2026-03-01T12:00:02', '2026-03-01T12:00:03'])
    await rollUp()
    world.log.cutBelow(SETTINGS.ticksTopic, 0, 2)
    produce(world, 0, ...[4, 5, 6, 7].map(n => tickJson(n, '2026-03-01T12:00:05')))
    const page = await shown(world, follow(world), requestOf('x', 'm1'))
    expect(page?.candles.map(({ volume, asOfUs }) => [volume, asOfUs])).toEqual([[3, undefined]])
  })

  test('has each tick once when commits and readings overtake each other', async () => {
    const live = follow(world)
    for (let n = 0; n < 12; n++) {
      produce(world, n % 3, tickJson(n, `2026-03-01T12:00:0${n % 8}`))
      pass(600)
      if (n % 2 === 0) await look(live)
      if (n % 4 === 1) {
        await addTicks(world, [`2026-03-01T12:00:0${n % 8}`], { partition: 3 })
        await rollUp()
      }
    }
    pass(600)
    const page = await shown(world, live, requestOf('x', 'h1'))
    expect(page?.candles.map(({ volume }) => volume)).toEqual([15])
  })
})

describe('transactions', () => {
  test('that are aborted are not shown, nor is anything behind one that is open', async () => {
    const live = follow(world)
    const tick = at('2026-03-01T12:00:05', world.clock.nowMs)
    const [aborted, open] = [world.log.begin(), world.log.begin()]
    aborted.append(SETTINGS.ticksTopic, 0, [tick, tick])
    aborted.abort()
    produce(world, 0, tickJson(1))
    expect(await countLive(live)).toBe(1)
    open.append(SETTINGS.ticksTopic, 0, [tick])
    produce(world, 0, tickJson(2))
    pass(600)
    expect(await countLive(live)).toBe(1)
    open.commit()
    pass(600)
    expect(await countLive(live)).toBe(3)
  })
})

describe('a topic that was made again', () => {
  async function makeAgain(ticks: number): Promise<void> {
    world.log.deleteTopic(SETTINGS.ticksTopic)
    world.log.createTopic(SETTINGS.ticksTopic, 4)
    pass(6_000)
    produce(world, 0, ...Array.from({ length: ticks }, (_, n) => tickJson(n)))
  }

  test('has no live candles until its epoch has begun, and these afterwards', async () => {
    await addTicks(world, ['2026-03-01T12:00:01'])
    await rollUp()
    const [early, warnings] = [follow(world), [] as unknown[]]
    expect(await countLive(early)).toBe(0)
    await makeAgain(5)
    expect(await look(early)).toBeUndefined()
    expect(await look(follow(world, { warnings }))).toBeUndefined()
    expect(warnings).toEqual(['the topic is not the one that candles are made of'])
    await beginEpoch(world.services, async () => {})
    await ingest(world, [await batch(world, 0, 0, 5)])
    await addTicks(world, ['2026-03-01T12:00:30'])
    await rollUp()
    pass(600)
    expect(await countLive(early)).toBeDefined()
    produce(world, 0, tickJson(9, '2026-03-01T12:00:17'))
    pass(600)
    expect(await countLive(early)).toBe(1)
  })

  test('is found out by its records where Kafka has no ids', async () => {
    world.log.hideTopicIds()
    await addTicks(world, ['2026-03-01T12:00:01'])
    await rollUp()
    const live = follow(world)
    expect(await countLive(live)).toBe(0)
    await makeAgain(5)
    expect(await look(live)).toBeUndefined()
    expect(await look(follow(world))).toBeUndefined()
  })

  test('is found out as well where it is shorter', async () => {
    world.log.hideTopicIds()
    await addTicks(world, ['2026-03-01T12:00:01', '2026-03-01T12:00:02'])
    await rollUp()
    const [live, warnings] = [follow(world, { warnings: [] }), [] as unknown[]]
    expect(await countLive(live)).toBe(0)
    world.log.deleteTopic(SETTINGS.ticksTopic)
    world.log.createTopic(SETTINGS.ticksTopic, 4)
    produce(world, 0, tickJson(1))
    pass(600)
    expect(await look(live)).toBeUndefined()
    expect(await look(follow(world, { warnings }))).toBeUndefined()
  })
})

describe('candles that were rolled back', () => {
  test('are shown live again, from their own offsets on', async () => {
    await addTicks(world, ['2026-03-01T12:00:01'])
    await rollUp()
    const before = await world.catalog.loadTable(CANDLES_TABLE)
    await addTicks(world, ['2026-03-01T12:00:02'])
    await rollUp()
    const live = follow(world)
    expect(await countLive(live)).toBe(0)
    await rollBack(world, before)
    expect(await look(live)).toBeUndefined()
    pass(600)
    expect(await countLive(live)).toBe(1)
  })
})

describe('how long ticks wait', () => {
  /** The timestamps of the oldest waiting ticks: of each minute, and of dropped ones. */
  const waiting = async (live: LiveTicks) => {
    const found = await look(live)
    const since = found?.minutes.map(({ sinceUs }) => sinceUs / 1000)
    return { since, dropped: found?.droppedSinceUs }
  }

  test('is given by the oldest uncommitted tick of a minute, in any partition', async () => {
    const live = follow(world)
    produce(world, 2, 'no tick', null)
    expect(await waiting(live)).toEqual({ since: [], dropped: undefined })
    const sentMs = world.clock.nowMs
    await addTicks(world, ['2026-03-01T12:00:01', '2026-03-01T12:00:02'], { partition: 3 })
    pass(2_000)
    produce(world, 1, tickJson(5))
    pass(2_000)
    produce(world, 3, tickJson(6))
    expect(await waiting(live)).toEqual({ since: [sentMs], dropped: undefined })
    await rollUp()
    pass(600)
    expect((await waiting(live)).since).toEqual([sentMs + 2_000])
    await ingest(world, [await batch(world, 1, 0, 1)])
    await rollUp()
    pass(600)
    expect((await waiting(live)).since).toEqual([sentMs + 4_000])
  })

  test('does not count what is late: it is history that is being caught up', async () => {
    const live = follow(world)
    produce(world, 0, tickJson(1, '2024-01-01T00:00:00'))
    expect(await waiting(live)).toEqual({ since: [], dropped: undefined })
  })

  test('counts what is shown no more, as the rollup stands still for hours, until it goes on', async () => {
    const live = follow(world)
    const sentMs = world.clock.nowMs
    await addTicks(world, ['2026-03-01T12:00:05'])
    for (let minutes = 0; minutes <= 120; minutes += 30) {
      expect(await waiting(live)).toEqual({ since: [sentMs], dropped: undefined })
      pass(minutes === 90 ? 29 * 60_000 : 30 * 60_000)
    }
    expect(await waiting(live)).toEqual({ since: [], dropped: sentMs * 1000 })
    await rollUp()
    pass(600)
    expect(await waiting(live)).toEqual({ since: [], dropped: undefined })
  })
})

describe('the version', () => {
  const versionOf = async (live: LiveTicks, symbol = 'x') =>
    (await look(live, { source: 's', symbol }))?.version

  test('is another one with each tick of the symbol, and not with those of others', async () => {
    const live = follow(world)
    const versions = [await versionOf(live)]
    for (const values of [
      [tickJson(1)],
      ['no tick'],
      [],
      [tickJson(2).replace('"x"', '"y"')],
      [tickJson(3)],
    ]) {
      produce(world, 0, ...values)
      pass(600)
      versions.push(await versionOf(live))
    }
    const [nothing, first, bad, none, others, second] = versions
    expect(new Set([nothing, first, second]).size).toBe(3)
    expect([bad, none, others]).toEqual([first, first, first])
  })

  test('is the same in each process that has read as far', async () => {
    const early = follow(world)
    await addTicks(world, ['2026-03-01T12:00:01'])
    expect(await versionOf(early)).toBeDefined()
    await rollUp()
    produce(world, 1, tickJson(4), tickJson(5))
    pass(600)
    expect(await versionOf(early)).toBe(await versionOf(follow(world)))
  })
})

describe('where reading begins', () => {
  const begin = (changes: Partial<TopicTail>) => {
    const tail = { ...watched().topicTail, ...changes }
    return beginAt({ topicTail: tail, settings: SETTINGS, nowMs: () => world.clock.nowMs }, atOffset(400_000))
  }
  const atOffset = (next: number) => ({
    ...state,
    vector: { ...state.vector, positions: [{ epoch: 0, partition: 0, next, timestampMs: 0 }] },
  })
  let state: CandlesState
  beforeEach(async () => {
    const { vector, ...others } = await stateOfCandles(world)
    state = { ...others, vector: readFrom(vector, await world.log.topicId(SETTINGS.ticksTopic)) }
  })
  const range = (low: number, high: number) => async () => new Map([[0, { low, high }]])
  const found = (offset: number) => async () => new Map([[0, offset]])

  test('is where the time index has the minutes that are open, and never above the vector', async () => {
    const log = await begin({ offsets: range(0, 500_000), offsetsAt: found(399_000) })
    expect(log.positions).toEqual(new Map([[0, 399_000]]))
    const late = await begin({ offsets: range(0, 500_000), offsetsAt: found(450_000) })
    expect(late.positions).toEqual(new Map([[0, 400_000]]))
    const none = await begin({ offsets: range(0, 500_000), offsetsAt: async () => new Map() })
    expect(none.positions).toEqual(new Map([[0, 400_000]]))
  })

  test('is at most 200,000 offsets back, where an old record has a time of the year 2200', async () => {
    const log = await begin({ offsets: range(0, 500_000), offsetsAt: found(3) })
    expect(log.positions).toEqual(new Map([[0, 200_000]]))
  })

  test('is nowhere when candles lack more than a million records', async () => {
    const far = begin({ offsets: range(0, 1_400_001), offsetsAt: found(399_000) })
    await expect(far).rejects.toThrow('candles are too far behind')
    const near = await begin({ offsets: range(0, 1_400_000), offsetsAt: found(399_000) })
    expect(near.positions.size).toBe(1)
  })

  test('is nowhere when the log ends before the offsets that candles have', async () => {
    const lost = begin({ offsets: range(0, 399_999), offsetsAt: found(399_000) })
    await expect(lost).rejects.toThrow('the log ends before')
  })
})
