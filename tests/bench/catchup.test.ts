import { describe, expect, test } from 'vitest'
import { caughtUpWith, endsOf, mostStaleHours } from '../../bench/catchup/caughtUp.ts'
import { warningsIn } from '../../bench/catchup/functionsLog.ts'
import {
  historyRecords,
  lateBy,
  lateRecord,
  OLDEST_US,
  scatteredTicks,
} from '../../bench/catchup/lateTicks.ts'
import { againstUsual, delaysByPhase, LiveMinutes } from '../../bench/catchup/liveMinutes.ts'
import { catchupOptions } from '../../bench/catchup/options.ts'
import { sendInBatches } from '../../bench/catchup/sendInBatches.ts'
import { type Commit, SnapshotWatch } from '../../bench/catchup/snapshotWatch.ts'
import type { Arrival } from '../../bench/latency/arrivals.ts'
import { SYMBOLS } from '../../bench/latency/feed.ts'
import { HourSet } from '../../lib/market/hours.ts'
import { DAY_US, formatDateTime, HOUR_US, MINUTE_US } from '../../lib/market/time.ts'
import { bucketStart, TIMEFRAMES } from '../../lib/market/timeframe.ts'
import type { OutgoingRecord } from '../../lib/ports.ts'
import { FAKE_SOURCE } from '../../lib/produce/fakeTicks.ts'
import { type CandlesState, candlesState, NOTHING_STALE } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { loadTable } from '../../lib/tables/layout.ts'
import { newWorld } from '../support/world.ts'

const NOW_US = Date.parse('2026-11-25T18:04:00Z') * 1000

describe('what is wanted', () => {
  test('is one mode, with its own default of ticks', () => {
    expect(catchupOptions({ values: { scattered: true } })).toMatchObject({
      mode: 'scattered',
      ticks: 20_000,
    })
    const history = catchupOptions({ values: { history: true, ticks: '300', busy: true, log: 'x.log' } })
    expect(history).toMatchObject({ mode: 'history', ticks: 300, isBusy: true, logFile: 'x.log' })
    expect(catchupOptions({ values: { trickle: true } })).toMatchObject({ minutes: 60, isBusy: false })
  })

  test.each([{}, { scattered: true, outage: true }])('is refused where it is not one mode: %j', values => {
    expect(() => catchupOptions({ values })).toThrow('one of --scattered, --history, --outage, --trickle')
  })
})

describe('scattered ticks', () => {
  const ticks = [...scatteredTicks(20_000, NOW_US)]
  const agesUs = ticks.map(({ timeUs }) => NOW_US - timeUs)

  test('are 97 % of the last 100 hours, the rest of 40 days, and none of the last ten minutes', () => {
    const old = agesUs.filter(age => age > 100 * HOUR_US).length
    expect(old / ticks.length).toBeGreaterThan(0.024)
    expect(old / ticks.length).toBeLessThan(0.03)
    expect(Math.max(...agesUs)).toBeGreaterThan(39 * DAY_US)
    expect(Math.max(...agesUs)).toBeLessThanOrEqual(OLDEST_US)
    expect(Math.min(...agesUs)).toBeGreaterThanOrEqual(10 * MINUTE_US)
  })

  test('are of 14 symbols and 2 sources, the same ones every time', () => {
    expect(new Set(ticks.map(({ instrument }) => instrument.symbol)).size).toBe(14)
    expect(new Set(ticks.map(({ source }) => source)).size).toBe(2)
    expect([...scatteredTicks(20_000, NOW_US)]).toEqual(ticks)
  })

  test('go to Kafka with their own source', () => {
    const { source, instrument } = ticks.find(({ source }) => source !== FAKE_SOURCE)!
    const record = lateRecord('ticks', { source, instrument, timeUs: NOW_US })
    expect(record.key).toBe(`${source}|${instrument.symbol}`)
    expect(JSON.parse(String(record.value))).toMatchObject({ source, dateTime: '2026-11-25T18:04:00.000' })
  })
})

test('ticks of a trickle are late by ten minutes to 40 days', () => {
  const late = lateBy().take(1_000).toArray()
  const byUs = late.map(({ lateUs }) => lateUs).sort((a, b) => a - b)
  expect(byUs[0]).toBeGreaterThanOrEqual(10 * MINUTE_US)
  expect(byUs.at(-1)).toBeLessThanOrEqual(OLDEST_US)
  expect(byUs[500]! / OLDEST_US).toBeCloseTo(0.5, 1)
})

test('a history has its ticks in the order of time, evenly, each symbol in one of the partitions', () => {
  const stretch = { ticks: 2_000, fromUs: NOW_US - DAY_US, toUs: NOW_US, partitions: [1, 2, 3] }
  const records = [...historyRecords('ticks', stretch)]
  const ticks = records.map(({ value }) => JSON.parse(String(value)) as { symbol: string; dateTime: string })
  expect(ticks).toHaveLength(2_000)
  expect(ticks[0]!.dateTime).toBe('2026-11-24T18:04:00.000')
  expect(ticks.map(({ dateTime }) => dateTime)).toEqual(ticks.map(({ dateTime }) => dateTime).sort())
  expect(Date.parse(`${ticks.at(-1)!.dateTime}Z`)).toBe((NOW_US - DAY_US / 100) / 1000)
  expect(new Set(records.map(({ partition }) => partition))).toEqual(new Set([1, 2, 3]))
  const places = new Set(records.map(({ partition }, i) => `${ticks[i]!.symbol} ${partition}`))
  expect(places.size).toBe(SYMBOLS)
})

test('records go out in batches, the last one too', async () => {
  const sizes: number[] = []
  const told: number[] = []
  const writer = { send: async (some: readonly OutgoingRecord[]) => void sizes.push(some.length) }
  const records = Array.from({ length: 7 }, () => ({ topic: 't', key: null, value: null }))
  await sendInBatches(writer, records, 3, sent => told.push(sent))
  expect(sizes).toEqual([3, 3, 1])
  expect(told).toEqual([3, 6, 7])
})

describe('candles catch up', () => {
  /** A commit that holds so many offsets of partition 0, with so many stale hours. */
  function commit(atMs: number, next: number, staleHours: number): Commit<CandlesState> {
    const stale = HourSet.of(Array.from({ length: staleHours }, (_, n) => n))
    const state: CandlesState = {
      ticksUuid: 'u',
      vector: { epoch: 0, positions: [{ epoch: 0, partition: 0, next, timestampMs: 0 }] },
      ticksSequence: 1,
      candlesSequence: 1,
      held: HourSet.EMPTY,
      foreign: { stock_ticks: {}, candles: {} },
      hours: { ...NOTHING_STALE, stale },
      closedUntilUs: 0,
      revisionFloor: 0,
      stampUs: atMs * 1000,
      pending: [],
    }
    return { atMs, state }
  }
  const ends = endsOf(
    new Map([
      [0, { low: 0, high: 10 }],
      [1, { low: 0, high: 0 }],
    ]),
  )

  test('from the commit that sees all ticks to the first one that leaves no hour stale', () => {
    const commits = [commit(1, 5, 0), commit(2, 10, 7), commit(3, 10, 4), commit(4, 12, 0), commit(5, 12, 0)]
    expect(caughtUpWith(commits, ends)).toEqual({ saw: commits[1], right: commits[3], commits: 3 })
    expect(mostStaleHours(commits)).toBe(7)
  })

  test('at once where nothing is left stale', () => {
    const commits = [commit(1, 5, 3), commit(2, 10, 0)]
    expect(caughtUpWith(commits, ends)).toEqual({ saw: commits[1], right: commits[1], commits: 1 })
  })

  test('not before all ticks are in, and not while hours are stale', () => {
    expect(caughtUpWith([commit(1, 9, 0)], ends)).toBeUndefined()
    expect(caughtUpWith([commit(1, 9, 0), commit(2, 10, 1)], ends)).toBeUndefined()
  })
})

test('a watch gives each commit of a table once, in order, from the newest one on', async () => {
  const { services } = await newWorld()
  const { catalog } = services
  const table = await loadTable(catalog, CANDLES_TABLE)
  const [first] = table.metadata.snapshots
  const later = [1, 2].map(n => ({
    ...first!,
    snapshotId: BigInt(n),
    parentSnapshotId: n === 1 ? first!.snapshotId : 1n,
    sequenceNumber: first!.sequenceNumber + n,
    timestampMs: first!.timestampMs + n,
  }))
  const metadata = {
    ...table.metadata,
    snapshots: [first!, ...later],
    currentSnapshotId: later[1]!.snapshotId,
  }
  const versions = [table, { ...table, metadata }]
  const watch = new SnapshotWatch(async () => versions.shift()!, candlesState, 0)
  await watch.look()
  await watch.look()
  expect(watch.commits.map(({ atMs }) => atMs - first!.timestampMs)).toEqual([0, 1, 2])
  expect(watch.commits[2]!.state.hours.stale.isEmpty).toBe(true)
})

describe('live minutes', () => {
  const MINUTE_MS = NOW_US / 1000

  function candles(minuteMs: number, delayMs: number): Arrival[] {
    return Array.from({ length: SYMBOLS }, (_, n) => `S${n}`).flatMap(symbol =>
      TIMEFRAMES.map(timeframe => ({
        timeframe: timeframe.name,
        source: FAKE_SOURCE,
        symbol,
        dateTime: formatDateTime(bucketStart(timeframe, minuteMs * 1000)),
        volume: 60,
        closed: true,
        updatedAt: formatDateTime((minuteMs + 60_500) * 1000),
        atMs: minuteMs + 60_000 + delayMs,
      })),
    )
  }

  test('are measured once all of their candles came, also while an earlier one is still on its way', () => {
    const arrivals: Arrival[] = []
    const live = new LiveMinutes({ all: arrivals }, MINUTE_MS, () => {})
    live.look(MINUTE_MS + 59_000)
    expect(live.isMeasuredUntil(MINUTE_MS)).toBe(true)
    arrivals.push(...candles(MINUTE_MS + 60_000, 900))
    live.look(MINUTE_MS + 121_000)
    expect(live.measured.map(({ delayMs }) => delayMs)).toEqual([900])
    expect(live.isMeasuredUntil(MINUTE_MS + 120_000)).toBe(false)
    arrivals.push(...candles(MINUTE_MS, 70_000))
    live.look(MINUTE_MS + 131_000)
    expect(live.measured.map(({ delayMs }) => delayMs)).toEqual([900, 70_000])
    expect(live.isMeasuredUntil(MINUTE_MS + 120_000)).toBe(true)
  })

  test('fail after ten minutes', () => {
    const live = new LiveMinutes({ all: [] }, MINUTE_MS, () => {})
    live.look(MINUTE_MS + 60_000 + 599_000)
    expect(() => live.look(MINUTE_MS + 60_000 + 601_000)).toThrow('not within 600 s: all candles of 18:04')
  })

  test('are counted to the phase in which they end', () => {
    const nextMs = Math.ceil(Date.now() / 60_000) * 60_000
    const live = new LiveMinutes({ all: [...candles(nextMs, 500)] }, nextMs, () => {})
    live.begin('before')
    live.look(nextMs + 61_000)
    expect(live.measured).toEqual([{ phase: 'before', minuteMs: nextMs, delayMs: 500 }])
  })

  const measured = [1_000, 1_200, 900, 3_000, 2_000].map((delayMs, i) => {
    return { phase: i < 3 ? 'before' : 'during', minuteMs: MINUTE_MS + i * 60_000, delayMs }
  })

  test('have their percentiles phase by phase, but for the warm-up', () => {
    const warmUp = { phase: 'warm-up', minuteMs: MINUTE_MS - 60_000, delayMs: 9_000 }
    expect(delaysByPhase([warmUp, ...measured])).toEqual({
      before: { minutes: 3, p50_ms: 1_000, p95_ms: 1_200, max_ms: 1_200 },
      during: { minutes: 2, p50_ms: 2_000, p95_ms: 3_000, max_ms: 3_000 },
    })
  })

  test('are held to the usual ones', () => {
    const figures = { max_later_than_p50_ms: 2_000, p95_later_ms: 1_800, max_ratio: 2.5, p95_ratio: 2.5 }
    expect(againstUsual(measured, 'during', 'before')).toEqual(figures)
    expect(againstUsual(measured, 'after', 'before')).toEqual({})
  })
})

test('warnings of the functions are counted by what they say', () => {
  const warn = (fields: object) =>
    `prefix ${JSON.stringify({ level: 'warn', function: 'rollup', ...fields })}`
  const log = [
    warn({ message: 'failed', error: 'no answer' }),
    JSON.stringify({ level: 'info', function: 'rollup', message: 'done' }),
    'a line that is no JSON, "level":"warn"',
    warn({ message: 'failed', error: 'no answer' }),
    warn({ message: 'slow' }),
  ].join('\n')
  expect([...warningsIn(log)]).toEqual([
    ['rollup: failed: no answer', 2],
    ['rollup: slow', 1],
  ])
})
