import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { TableIdent } from '../../lib/iceberg/table.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import { type Candle, candleMessage } from '../../lib/market/candle.ts'
import { HourSet, hourOf } from '../../lib/market/hours.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { publishCandles } from '../../lib/publish/publishCandles.ts'
import { readCandles } from '../../lib/rollup/storedCandles.ts'
import {
  type CandlesState,
  candlesState,
  candlesSummary,
  NOTHING_STALE,
  type StaleHours,
} from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE, candleColumns } from '../../lib/tables/candlesTable.ts'
import { carriedState } from '../../lib/tables/layout.ts'
import { TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import { type VerifyRequest, verify } from '../../lib/verify/verify.ts'
import { VERIFY_LIMITS } from '../../lib/verify/verifyTables.ts'
import { mergeFiles } from '../support/foreignEngine.ts'
import { rollUpInMemory } from '../support/memoryRollup.ts'
import { batch, ingest, newWorld, produce, type World } from '../support/world.ts'

const LIMITS = { ...VERIFY_LIMITS, publishPatienceMs: 0, pauseMs: 20 }
/** Ends of a week, a month and a year, and a day between. */
const MOMENTS = [
  '2025-12-28T23:59:59.999999',
  '2025-12-29T00:00:00',
  '2025-12-31T23:59:00',
  '2026-01-01T00:00:00',
  '2026-01-01T00:00:30',
  '2026-02-11T10:20:30',
  '2026-03-01T11:59:59',
]
const SYMBOLS = ['EURUSD', `O'NEIL|"😀`, 'x'.repeat(64)]

let world: World
beforeEach(async () => {
  world = await newWorld()
  await addTicks(MOMENTS)
  await rollUp()
  await publish()
})

const rollUp = () => rollUpInMemory(world.services, Date.UTC(2026, 2, 1, 12) * 1000)
const publish = () => publishCandles(world.services, () => 60_000)
const check = (request: VerifyRequest = {}, limits = LIMITS, onProgress = () => {}) =>
  verify(world.services, request, onProgress, limits)
const usOf = (text: string) => Date.parse(text) * 1000

async function addTicks(moments: readonly string[]): Promise<void> {
  const from = (await world.log.offsets('ticks')).get(0)!.high
  const texts = moments.flatMap((dateTime, i) =>
    SYMBOLS.map((symbol, s) => {
      const mid = 100 + ((i * 7) % 5) + s / 8
      return JSON.stringify({ source: 's', symbol, ask: mid + 1, bid: mid - 1, mid, number: i, dateTime })
    }),
  )
  produce(world, 0, ...texts)
  await ingest(world, [await batch(world, 0, from, from + texts.length)])
}

/** Changes rows of the candles table by hand, as nobody should. */
async function tamper(change: (rows: readonly Candle[]) => readonly Candle[]): Promise<void> {
  const { store } = world.services
  const table = await world.catalog.loadTable(CANDLES_TABLE)
  const files = await planFiles(store, table)
  const rows = await Promise.all(files.map(async file => change(await readCandles(store, file))))
  const perFile = rows.flatMap(some => [...Map.groupBy(some, ({ timeframe }) => timeframe).values()])
  const add = await Promise.all(
    perFile.map(some => writeDataFile(store, table, candleColumns(some), some.length)),
  )
  const summary = carriedState(table)
  const staged = await stageSnapshot(store, table, { add, remove: files, summary, nowMs: 0 })
  await commitSnapshot(world.catalog, table, staged)
}

/** What a commit of rollup's says of the table, and no row changes. */
async function say(change: (state: CandlesState) => Partial<CandlesState>): Promise<void> {
  const table = await world.catalog.loadTable(CANDLES_TABLE)
  const state = candlesState(table)
  const summary = candlesSummary({ ...state, ...change(state) })
  const staged = await stageSnapshot(world.services.store, table, { add: [], summary, nowMs: 0 })
  await commitSnapshot(world.catalog, table, staged)
}

/** Hours that begin at these moments. */
const hoursAt = (...moments: string[]) => HourSet.of(moments.map(moment => hourOf(usOf(moment))))

const mark = (hours: Partial<StaleHours>) => say(() => ({ hours: { ...NOTHING_STALE, ...hours } }))

/** As a live round leaves late ticks: the vector covers them, their hours are stale, their candles are as they were. */
async function addLateTicks(moments: readonly string[], hours: Partial<StaleHours> = {}): Promise<void> {
  await addTicks(moments)
  const { vector } = ticksState(await world.catalog.loadTable(TICKS_TABLE))
  const stale = HourSet.of(moments.map(moment => hourOf(usOf(`${moment}Z`))))
  await say(() => ({ vector, hours: { ...NOTHING_STALE, stale, ...hours } }))
}

/** Puts a message of the same key behind the one that is there. */
async function overtake(topic: string, { key, value }: { key: string; value: string | null }): Promise<void> {
  for (const [partition, { high }] of await world.log.offsets(topic)) {
    for await (const records of world.log.records(topic, partition, 0, high)) {
      if (!records.some(record => String(record.key) === key)) continue
      world.log.append(topic, partition, [
        { key: Buffer.from(key), value: value === null ? null : Buffer.from(value) },
      ])
    }
  }
}

const isOne = ({ timeframe, symbol, dateTimeUs }: Candle) =>
  timeframe === 'h1' && symbol === 'EURUSD' && dateTimeUs === usOf('2026-02-11T10:00:00Z')
const ONE = { timeframe: 'h1', symbol: 'EURUSD', source: 's', dateTime: '2026-02-11T10:00:00.000000Z' }

async function candleOne(): Promise<Candle> {
  const { store } = world.services
  const files = await planFiles(store, await world.catalog.loadTable(CANDLES_TABLE))
  const rows = await Promise.all(files.map(file => readCandles(store, file)))
  return rows.flat().find(isOne)!
}

describe('verify', () => {
  test('finds nothing wrong with 7 ticks of 3 symbols, their candles and messages', async () => {
    const findings = await check()
    expect(findings).toMatchObject({ ticks: 21, differenceCount: 0, differences: [], unpublished: 0 })
    expect(findings.candles).toEqual({
      m1: 18,
      m5: 18,
      m10: 18,
      m15: 18,
      m30: 18,
      h1: 18,
      h3: 18,
      h4: 18,
      D1: 18,
      W1: 12,
      M1: 12,
    })
    expect(findings.published).toBe(186)
    expect(findings.kafkaRecords).toBe(186)
  })

  test('finds the same share by share, when not all fits into memory at once', async () => {
    const findings = await check({}, { ...LIMITS, minutesAtOnce: 1, candlesAtOnce: 9 })
    expect(findings).toMatchObject({ ticks: 21, differenceCount: 0, published: 186, kafkaRecords: 186 })
  })

  test.each([
    ['open', { open: 7 }],
    ['high', { high: 107 }],
    ['low', { low: -7 }],
    ['close', { close: 7 }],
    ['volume', { volume: 7 }],
    ['closed', { closed: false }],
  ])(
    'finds a wrong %s, in Iceberg and against Kafka',
    async (field, wrong) => {
      const right = await candleOne()
      await tamper(rows => rows.map(row => (isOne(row) ? { ...row, ...wrong } : row)))
      const findings = await check()
      expect(findings.differenceCount).toBe(2)
      const [found, expected] = [wrong, right].map(
        candle => (candle as unknown as Record<string, unknown>)[field],
      )
      expect(findings.differences).toMatchObject([
        { in: 'iceberg', problem: 'differs', candle: ONE, fields: { [field]: { found, expected } } },
        {
          in: 'kafka',
          problem: 'differs',
          candle: ONE,
          fields: { [field]: { found: expected, expected: found } },
        },
      ])
    },
    30_000,
  )

  test.each([
    ['revision', { revision: 2 }],
    ['updatedAtUs', { updatedAtUs: 1 }],
  ])(
    'finds a %s that is not the one on Kafka',
    async (field, wrong) => {
      await tamper(rows => rows.map(row => (isOne(row) ? { ...row, ...wrong } : row)))
      const { differences } = await check()
      expect(differences).toMatchObject([
        { in: 'kafka', problem: 'differs', candle: ONE, fields: { [field]: {} } },
      ])
    },
    30_000,
  )

  test('finds a missing candle, a surplus one and a doubled one', async () => {
    const one = await candleOne()
    await tamper(rows => rows.filter(row => !isOne(row)))
    expect((await check()).differences).toMatchObject([
      { in: 'iceberg', problem: 'missing', candle: ONE },
      { in: 'kafka', problem: 'surplus', candle: ONE },
    ])
    const stray = { ...one, dateTimeUs: usOf('2026-02-12T10:00:00Z') }
    const isFebruary = ({ dateTimeUs }: Candle) =>
      dateTimeUs >= usOf('2026-02-01') && dateTimeUs < usOf('2026-03-01')
    await tamper(rows =>
      rows.some(row => row.timeframe === 'h1' && isFebruary(row)) ? [...rows, one, one, stray] : rows,
    )
    const { differences } = await check()
    expect(differences).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ in: 'iceberg', problem: 'doubled', candle: ONE }),
        expect.objectContaining({
          in: 'iceberg',
          problem: 'surplus',
          candle: { ...ONE, dateTime: '2026-02-12T10:00:00.000000Z' },
        }),
      ]),
    )
  })

  test('finds a week and a month that are surplus, wrong or missing', async () => {
    const isLong = ({ timeframe }: Candle) => timeframe === 'W1' || timeframe === 'M1'
    await tamper(rows =>
      rows.map(row => (isLong(row) && row.symbol === 'EURUSD' ? { ...row, high: 999 } : row)),
    )
    const { differences } = await check()
    const wrong = differences.filter(difference => difference.in === 'iceberg')
    expect(wrong.filter(({ candle }) => candle?.timeframe === 'W1')).toHaveLength(4)
    expect(wrong.filter(({ candle }) => candle?.timeframe === 'M1')).toHaveLength(4)
  }, 90_000)

  test('finds a wrong revision on Kafka, a message that is missing there and one of no candle', async () => {
    const one = await candleOne()
    const wrong = candleMessage({ ...one, revision: 3 })
    const places = await Promise.all(
      [0, 1, 2, 3].map(async partition => ({
        partition,
        first: await world.log.firstFrom('candle_M1', partition, 0),
      })),
    )
    const { partition, first } = places.find(place => place.first !== undefined)!
    world.log.remove('candle_M1', partition, first!.offset)
    await overtake('candle_h1', wrong)
    world.log.append('candle_h1', 1, [{ key: Buffer.from('k'), value: Buffer.from('{}') }])
    world.log.append('candle_D1', 3, [
      {
        key: Buffer.from('k'),
        value: Buffer.from(candleMessage({ ...one, timeframe: 'D1', symbol: 'new' }).value),
      },
    ])
    const { differences, differenceCount } = await check()
    expect(differenceCount).toBe(4)
    expect(differences).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          in: 'kafka',
          problem: 'surplus',
          detail: 'h1: a message that is no candle',
        }),
        expect.objectContaining({
          in: 'kafka',
          problem: 'surplus',
          candle: { ...ONE, timeframe: 'D1', symbol: 'new' },
        }),
        expect.objectContaining({ problem: 'missing', candle: expect.objectContaining({ timeframe: 'M1' }) }),
        expect.objectContaining({
          problem: 'differs',
          candle: ONE,
          fields: { revision: { found: 3, expected: 1 } },
        }),
      ]),
    )
  }, 90_000)

  test('finds a tick that is missing, and one that is there twice', async () => {
    const { store } = world.services
    const table = await world.catalog.loadTable(TICKS_TABLE)
    const [file] = await planFiles(store, table, { keep: ({ recordCount }) => recordCount === 3 })
    const summary = carriedState(table)
    const gone = await stageSnapshot(store, table, { add: [], remove: [file!], summary, nowMs: 0 })
    const without = await commitSnapshot(world.catalog, table, gone)
    const missing = await check()
    expect(missing.differences[0]).toEqual({
      in: 'ticks',
      problem: 'missing',
      detail: 'the table has 18 rows, 21 were ingested',
    })
    expect(missing.differences[1]).toMatchObject({ in: 'iceberg' })
    const twice = await stageSnapshot(store, without, {
      add: [file!, { ...file!, path: file!.path }],
      summary,
      nowMs: 0,
    })
    await commitSnapshot(world.catalog, without, twice)
    const { differences } = await check()
    expect(differences.filter(each => each.in === 'ticks').map(({ problem }) => problem)).toEqual([
      'surplus',
      'doubled',
      'doubled',
      'doubled',
    ])
  })

  test('looks only at the days asked for, and at weeks and months that lie in them', async () => {
    await tamper(rows => rows.map(row => (isOne(row) ? { ...row, open: 7 } : row)))
    const day = (from: string, to: string) => check({ fromUs: usOf(from), toUs: usOf(to) })
    expect(await day('2026-02-01', '2026-02-11')).toMatchObject({ differenceCount: 0, ticks: 0 })
    const one = await day('2026-02-11', '2026-02-12')
    expect(one).toMatchObject({ differenceCount: 2, ticks: 3 })
    expect(one.candles).toEqual({ m1: 3, m5: 3, m10: 3, m15: 3, m30: 3, h1: 3, h3: 3, h4: 3, D1: 3 })
    expect((await day('2026-02-09', '2026-02-16')).candles.W1).toBe(3)
    expect((await day('2026-02-01', '2026-03-01')).candles).toMatchObject({ W1: 3, M1: 3 })
  })

  test('ticks that the candles do not have yet are left out; candles that were not sent are counted', async () => {
    await addTicks(['2026-02-11T10:20:59'])
    expect(await check()).toMatchObject({ ticks: 21, differenceCount: 0 })
    await rollUp()
    expect(await check()).toMatchObject({ ticks: 24, differenceCount: 0, unpublished: 33 })
    await publish()
    expect(await check()).toMatchObject({
      ticks: 24,
      differenceCount: 0,
      unpublished: 0,
      kafkaRecords: 186 + 33,
    })
  })

  test('is exact while the pipeline goes on: what changed meanwhile is compared with a later snapshot', async () => {
    let isOn = true
    const work = (async () => {
      for (let second = 10; isOn && second < 60; second++) {
        await addTicks([`2026-02-11T10:21:${second}`])
        await rollUp()
        await publish()
      }
    })()
    const findings = await check({}, { ...LIMITS, publishPatienceMs: 5_000, pauseMs: 200 })
    isOn = false
    await work
    expect(findings.differences).toEqual([])
    expect((await check()).differences).toEqual([])
  })

  test('refuses to compare candles of another price than the setting says', async () => {
    const settings = { ...world.services.settings, price: 'ask' as const }
    await expect(verify({ ...world.services, settings }, {}, () => {}, LIMITS)).rejects.toThrow(
      'is made of mid',
    )
  })

  test('an empty pipeline is right', async () => {
    world = await newWorld()
    expect(await check()).toMatchObject({ ticks: 0, differenceCount: 0, candles: {} })
  })

  test('the state of a candles table by hand is what decides which ticks count', async () => {
    const table = await world.catalog.loadTable(CANDLES_TABLE)
    const summary = candlesSummary({ ...candlesState(table), closedUntilUs: 0 })
    const staged = await stageSnapshot(world.services.store, table, { add: [], summary, nowMs: 0 })
    await commitSnapshot(world.catalog, table, staged)
    const { differences } = await check()
    expect(differences[0]).toMatchObject({ fields: { closed: { found: true, expected: false } } })
  })
})

describe('verify while hours are being caught up', () => {
  const LATE = ['2026-02-11T10:20:59', '2026-02-11T10:44:00']

  test('finds nothing wrong with candles that lack late ticks of an hour that is stale, and counts the hour', async () => {
    await addLateTicks(LATE)
    const findings = await check()
    expect(findings).toMatchObject({ ticks: 27, staleHours: 1, differenceCount: 0, published: 186 })
    // Compared: all but those of the 11th, of its week and of its month.
    expect(findings.candles).toMatchObject({ m1: 15, m5: 15, h1: 15, h4: 15, D1: 15, W1: 9, M1: 9 })
    const shares = await check({}, { ...LIMITS, minutesAtOnce: 1, candlesAtOnce: 9 })
    expect(shares).toMatchObject({ ticks: 27, differenceCount: 0, candles: findings.candles })
    await mark({})
    expect((await check()).differenceCount).toBeGreaterThan(0)
  })

  test('finds nothing wrong with a stored candle of a stale hour that has no tick any more', async () => {
    const { store } = world.services
    const table = await world.catalog.loadTable(TICKS_TABLE)
    const files = await planFiles(store, table, {
      keep: ({ partition }) => partition.date_time_day === 20495,
    })
    const change = { add: [], remove: files, summary: carriedState(table), nowMs: 0 }
    await commitSnapshot(world.catalog, table, await stageSnapshot(store, table, change))
    await mark({ stale: hoursAt('2026-02-11T10:00Z') })
    const { differences } = await check()
    expect(differences.map(({ in: where }) => where)).toEqual(['ticks'])
  })

  test('finds a coarser candle that is not what the stored minutes of a stale hour say', async () => {
    await addLateTicks(LATE)
    await tamper(rows => rows.map(row => (isOne(row) ? { ...row, open: 7 } : row)))
    const { differences } = await check()
    expect(differences.map(({ in: where, problem }) => [where, problem])).toEqual([
      ['iceberg', 'differs'],
      ['kafka', 'differs'],
    ])
    expect(differences[0]).toMatchObject({ candle: ONE, fields: { open: { found: 7 } } })
  })

  test.each([
    ['missing', (rows: readonly Candle[]) => rows.filter(row => !isOne(row))],
    [
      'surplus',
      (rows: readonly Candle[]) =>
        rows.filter(({ timeframe, symbol }) => timeframe !== 'm1' || symbol !== 'EURUSD'),
    ],
  ])(
    'finds a coarser candle of a stale hour that is %s beside the stored minutes',
    async (problem, change) => {
      await addLateTicks(LATE)
      await tamper(change)
      const { differences } = await check({ fromUs: usOf('2026-02-11'), toUs: usOf('2026-02-12') })
      expect(differences).toContainEqual({ in: 'iceberg', problem, candle: ONE })
    },
  )

  test('of damaged hours proves only that each candle is there once, and on Kafka as in Iceberg', async () => {
    await addLateTicks(LATE, { damaged: hoursAt('2026-02-11T10:00Z') })
    await tamper(rows => rows.map(row => (isOne(row) ? { ...row, open: 7 } : row)))
    expect((await check()).differences).toMatchObject([{ in: 'kafka', problem: 'differs', candle: ONE }])
    const one = await candleOne()
    await tamper(rows => (rows.some(isOne) ? [...rows, one] : rows))
    expect((await check()).differences).toContainEqual({ in: 'iceberg', problem: 'doubled', candle: ONE })
  })

  test('finds a wrong minute of a stale hour that is exact', async () => {
    const exact = { fromUs: usOf('2026-02-11T10:20Z'), toUs: usOf('2026-02-11T10:30Z') }
    await addLateTicks(['2026-02-11T10:44:00'], { exact })
    expect(await check()).toMatchObject({
      differenceCount: 0,
      staleHours: 1,
      candles: { m1: 18, m5: 18, m30: 15 },
    })
    const isOfMinute = ({ timeframe, symbol, dateTimeUs }: Candle) =>
      timeframe === 'm1' && symbol === 'EURUSD' && dateTimeUs === usOf('2026-02-11T10:20Z')
    await tamper(rows => rows.map(row => (isOfMinute(row) ? { ...row, volume: 2 } : row)))
    const [first] = (await check()).differences
    expect(first).toMatchObject({
      candle: { timeframe: 'm1' },
      fields: { volume: { found: 2, expected: 1 } },
    })
  })

  test('lets candles of an owed hour be open after their end, and no others', async () => {
    const hour = hoursAt('2026-02-11T10:00Z')
    await tamper(rows => rows.map(row => (isOne(row) ? { ...row, closed: false } : row)))
    await mark({ stale: hour, owed: hour })
    expect((await check()).differences).toMatchObject([{ in: 'kafka', fields: { closed: {} } }])
    await mark({ stale: hour })
    expect((await check()).differences[0]).toMatchObject({
      in: 'iceberg',
      candle: ONE,
      fields: { closed: { found: false, expected: true } },
    })
  })

  test('lets candles of a damaged hour be open after their end: they close once it is done', async () => {
    const hour = hoursAt('2026-02-11T10:00Z')
    await tamper(rows => rows.map(row => (isOne(row) ? { ...row, closed: false } : row)))
    await mark({ stale: hour, damaged: hour })
    expect((await check()).differences).toMatchObject([{ in: 'kafka', fields: { closed: {} } }])
  })

  test('finds a closed candle of an owed hour whose end is not due', async () => {
    const hour = hoursAt('2026-02-11T10:00Z')
    await say(() => ({
      closedUntilUs: usOf('2026-02-11T10:30Z'),
      hours: { ...NOTHING_STALE, stale: hour, owed: hour },
    }))
    const { differences } = await check({ fromUs: usOf('2026-02-11'), toUs: usOf('2026-02-12') })
    expect(new Set(differences.map(({ candle }) => candle?.timeframe))).toEqual(
      new Set(['h1', 'h3', 'h4', 'D1']),
    )
  })

  test('waits until no hour of its days is stale, says how many are left, and then proves all', async () => {
    const hour = hoursAt('2026-02-11T10:00Z')
    await addLateTicks([...LATE, '2025-12-31T23:59:00'])
    const said = new Set<string>()
    const happens: Record<string, () => Promise<unknown>> = {
      'catching up: 2 of 2 hours are left': () => mark({ stale: hour }),
      'catching up: 1 of 2 hours are left': rollUp,
    }
    let happened = Promise.resolve<unknown>(undefined)
    const onProgress = (line: string) => {
      const next = said.has(line) ? undefined : happens[line]
      said.add(line)
      if (next) happened = happened.then(next)
    }
    const findings = await verify(world.services, { waitMs: 60_000 }, onProgress, LIMITS)
    await happened
    expect(findings).toMatchObject({ ticks: 30, staleHours: 0, differenceCount: 0 })
    expect([...said]).toEqual(expect.arrayContaining(Object.keys(happens)))
  })

  test('waits for no hour of other days', async () => {
    await mark({ stale: hoursAt('2026-02-11T10:00Z') })
    const request = { fromUs: usOf('2025-12-31'), toUs: usOf('2026-01-01'), waitMs: 60_000 }
    expect(await check(request)).toMatchObject({ staleHours: 0, differenceCount: 0, ticks: 3 })
  })

  test('ends after its patience with the number of hours that are left, and what to look at', async () => {
    await addLateTicks(LATE)
    await expect(check({ waitMs: 50 })).rejects.toMatchObject({
      code: 'NOT_CAUGHT_UP',
      message: expect.stringMatching(/^after 0.05 s 1 hour is still being caught up.*rollup.*--wait SECONDS/),
    })
  })
})

describe('candles that are gone', () => {
  const REMOVED = { timeframe: 'removed_h1' }
  const key = JSON.stringify(['s', 'EURUSD', '2026-02-11T10:00:00.000000Z'])
  /** The hour of 2026-02-11T10:00 loses its ticks of EURUSD, and all candles made of them alone become removed rows. */
  async function removeOne(): Promise<Candle> {
    const one = await candleOne()
    await tamper(rows =>
      rows.map(row =>
        isOne(row) ? { ...row, ...REMOVED, volume: 0, revision: 2, updatedAtUs: one.updatedAtUs } : row,
      ),
    )
    await mark({ stale: hoursAt('2026-02-11T10:00Z'), damaged: hoursAt('2026-02-11T10:00Z') })
    return one
  }

  test('are right as a row that says so and a tombstone on their topic, or nothing there', async () => {
    await removeOne()
    await overtake('candle_h1', { key, value: null })
    expect(await check()).toMatchObject({ differences: [], removed: 1, published: 185 })
    for (const [partition, { high }] of await world.log.offsets('candle_h1')) {
      for (let offset = 0; offset < high; offset++) {
        const record = await world.log.firstFrom('candle_h1', partition, offset)
        if (record?.offset === offset && String(record.key) === key)
          world.log.remove('candle_h1', partition, offset)
      }
    }
    expect(await check()).toMatchObject({ differences: [], removed: 1, published: 185 })
  })

  test('are wrong with a message of the candle as the newest one', async () => {
    const one = await removeOne()
    const wrong = { in: 'kafka', problem: 'surplus', candle: ONE, detail: 'no tombstone' }
    expect((await check()).differences).toEqual([wrong])
    await overtake('candle_h1', { key, value: null })
    await overtake('candle_h1', candleMessage({ ...one, revision: 3 }))
    expect((await check()).differences).toEqual([wrong])
  })

  test('are counted as not sent yet until publish has come to their row and sent the tombstone', async () => {
    await removeOne()
    const laterUs = (world.clock.nowMs + 1_000) * 1_000
    await tamper(rows =>
      rows.map(row => (row.timeframe === 'removed_h1' ? { ...row, updatedAtUs: laterUs } : row)),
    )
    await say(() => ({ stampUs: laterUs }))
    expect(await check()).toMatchObject({
      differences: [],
      unpublished: 1,
      published: 185,
      kafkaRecords: 186,
    })
    await publish()
    expect(await check()).toMatchObject({
      differences: [],
      unpublished: 0,
      published: 185,
      kafkaRecords: 187,
    })
  })

  test('are wrong beside the candle that they say is gone, and when that is said twice', async () => {
    const one = await candleOne()
    const gone = { ...one, ...REMOVED, volume: 0 }
    const doubled = { in: 'iceberg', problem: 'doubled', candle: { ...ONE, timeframe: 'removed_h1' } }
    await tamper(rows => (rows.some(isOne) ? [...rows, gone] : rows))
    expect((await check()).differences).toContainEqual(doubled)
    await removeOne()
    expect((await check()).differences).toContainEqual(doubled)
  })

  test('a tombstone of a candle that is there is wrong; one of no candle that anybody knows is right', async () => {
    const unknown = JSON.stringify(['s', 'GONE', '2020-01-01T00:00:00.000000Z'])
    world.log.append('candle_h1', 1, [{ key: Buffer.from(unknown), value: null }])
    expect(await check()).toMatchObject({ differences: [], kafkaRecords: 187, published: 186, overtaken: 0 })
    await overtake('candle_h1', { key, value: null })
    world.log.append('candle_D1', 1, [{ key: Buffer.from('k'), value: null }])
    expect((await check()).differences).toEqual([
      { in: 'kafka', problem: 'missing', candle: ONE, detail: 'a tombstone' },
      { in: 'kafka', problem: 'surplus', detail: 'D1: a message that is no candle' },
    ])
  })

  test('that go while they are looked at are compared with the later snapshot', async () => {
    const one = await candleOne()
    await overtake('candle_h1', { key, value: null })
    let looks = 0
    const catalog = new Proxy(world.catalog, {
      get(target, name) {
        if (name !== 'loadTable') return Reflect.get(target, name).bind(target)
        return async (ident: TableIdent) => {
          // The third load is the first of a later snapshot: by then the candle is gone.
          if (++looks === 3) await removeOne()
          return target.loadTable(ident)
        }
      },
    })
    const findings = await verify({ ...world.services, catalog }, {}, () => {}, LIMITS)
    expect(findings).toMatchObject({ differences: [], overtaken: 1 })
    expect(one.timeframe).toBe('h1')
  })
})

describe('a file that is missing', () => {
  /** The store, but when the first of the ticks is read, something has happened to the tables. */
  function storeAfter(happens: () => Promise<void>): ObjectStore {
    const { store } = world.services
    return {
      read: async uri => {
        if (uri.includes('/stock_ticks/data/')) await happens()
        return store.read(uri)
      },
      readRange: (...range) => store.readRange(...range),
      write: (uri, bytes) => store.write(uri, bytes),
      remove: uri => store.remove(uri),
      list: prefix => store.list(prefix),
    }
  }
  const removeTicks = async () => {
    const { store } = world.services
    const files = await planFiles(store, await world.catalog.loadTable(TICKS_TABLE))
    for (const { path } of files) await store.remove(path)
  }

  test('of snapshots that have left their list meanwhile: verify says that it took too long, and the cure', async () => {
    const store = storeAfter(async () => {
      await removeTicks()
      for (const ident of [TICKS_TABLE, CANDLES_TABLE]) await expireAll(ident)
    })
    const verified = verify({ ...world.services, store }, {}, () => {}, LIMITS)
    await expect(verified).rejects.toMatchObject({
      code: 'SNAPSHOT_GONE',
      message: expect.stringMatching(/RETENTION_MS.*--from and --to/),
    })
  })

  test('as files were merged and removed while all was looked at: some days at a time are looked at whole', async () => {
    let isMerged = false
    const store = storeAfter(async () => {
      if (isMerged) return
      isMerged = true
      const files = await planFiles(world.services.store, await world.catalog.loadTable(TICKS_TABLE))
      await mergeFiles(world, TICKS_TABLE, files, true)
      for (const ident of [TICKS_TABLE, CANDLES_TABLE]) await expireAll(ident)
      for (const { path } of files) await world.services.store.remove(path)
    })
    const all = verify({ ...world.services, store }, {}, () => {}, LIMITS)
    await expect(all).rejects.toMatchObject({ code: 'SNAPSHOT_GONE' })
    const day = { fromUs: usOf('2026-02-11T00:00:00Z'), toUs: usOf('2026-02-12T00:00:00Z') }
    expect(await check(day)).toMatchObject({ differences: [], ticks: SYMBOLS.length })
  })

  test('of a snapshot that is on its list is named as what it is', async () => {
    const verified = verify({ ...world.services, store: storeAfter(removeTicks) }, {}, () => {}, LIMITS)
    await expect(verified).rejects.toMatchObject({ code: 'OBJECT_MISSING' })
  })

  /** Commits that change nothing, until no earlier snapshot is on the list. */
  async function expireAll(ident: TableIdent): Promise<void> {
    for (let commits = 0; commits < 3; commits++) {
      const table = await world.catalog.loadTable(ident)
      const change = { add: [], summary: carriedState(table), nowMs: world.clock.nowMs }
      const staged = await stageSnapshot(world.services.store, table, change, { keepSnapshots: 2 })
      await commitSnapshot(world.catalog, table, staged)
    }
  }
})
