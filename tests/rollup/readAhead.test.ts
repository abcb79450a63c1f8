import { beforeEach, describe, expect, test } from 'vitest'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { Query } from '../../lib/ports.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { liveRound } from '../../lib/rollup/liveRound.ts'
import { readAhead } from '../../lib/rollup/readAhead.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { loadInputs } from '../../lib/rollup/rollupInputs.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { QueryTimedOut } from '../../lib/trino/errors.ts'
import { CountingStore } from '../support/countingStore.ts'
import { foldTicks } from '../support/foldTicks.ts'
import { rollUpInMemory, ticksOf } from '../support/memoryRollup.ts'
import { batch, ingest, newWorld, produce, tickJson, type World } from '../support/world.ts'

const DURING_GRACE_MS = Date.parse('2026-03-01T12:00:00.100Z')
const AFTER_GRACE_MS = Date.parse('2026-03-01T12:00:01Z')

let world: World
let store: CountingStore
beforeEach(async () => {
  world = await newWorld()
  store = new CountingStore(world.services.store)
})

let asked: number
beforeEach(() => {
  asked = 0
})

/** Folds all ticks there are to minutes, whichever it is asked for, and counts how often. */
const query: Query = {
  async rows<Row>(): Promise<Row[]> {
    asked += 1
    const candles = [...foldTicks(await ticksOf(world.services)).values()]
    const minutes = candles.filter(({ timeframe }) => timeframe === 'm1')
    return minutes.map(({ start, ...minute }) => ({
      ...minute,
      start_seconds: Date.parse(start) / 1000,
    })) as Row[]
  },
}

/** One tick of each of some symbols, and their candles; then two more ticks, of two minutes, that candles lack. */
async function fill(symbols: number): Promise<void> {
  const ofSymbol = (n: number, minute: string) =>
    tickJson(n, `2026-03-01T${minute}:00`).replace('"x"', `"x${n}"`)
  produce(world, 0, ...Array.from({ length: symbols }, (_, n) => ofSymbol(n, '11:58')))
  await ingest(world, [await batch(world, 0, 0, symbols)])
  await rollUpInMemory(world.services, 0)
  produce(world, 0, ofSymbol(0, '11:58'), ofSymbol(0, '11:59'))
  await ingest(world, [await batch(world, 0, symbols, symbols + 2)])
}

const servicesAt = (nowMs: number) => ({ ...world.services, store, query, nowMs: () => nowMs })
const candleTable = () => world.catalog.loadTable(CANDLES_TABLE)
const candleFiles = async () =>
  (await planFiles(world.services.store, await candleTable())).map(({ path }) => path)

/** What rollup reads of data files: while it waits for the grace to be over, and in the round after it. */
async function reads() {
  const folded = await readAhead(servicesAt(DURING_GRACE_MS), await candleTable())
  const ahead = store.dataFilesRead.splice(0)
  const services = servicesAt(AFTER_GRACE_MS)
  const inputs = await loadInputs(services)
  const { committed } = await liveRound(services, inputs, { since: inputs.state.vector, ahead: folded })
  return { ahead, after: store.dataFilesRead, changed: committed?.changed }
}

describe('what is read while the minute’s last ticks are awaited', () => {
  test('is the new ticks and the candles that they touch, and is not read again', async () => {
    await fill(3)
    const before = await candleFiles()
    const { ahead, after, changed } = await reads()
    expect(ahead.filter(path => before.includes(path)).toSorted()).toEqual(before.toSorted())
    expect(ahead).toHaveLength(before.length + 1)
    expect(after).toEqual([])
    // The candle of 11:58 and all above it change, that of 11:59 is new.
    expect(changed).toBe(12)
  })

  test('is folded too, and Trino is not asked again when nothing has come since', async () => {
    await fill(3)
    await reads()
    expect(asked).toBe(1)
  })

  test('is folded again by the round where Trino did not answer in time', async () => {
    await fill(3)
    const away: Query = { rows: () => Promise.reject(new QueryTimedOut('q', 5_000)) }
    const services = { ...servicesAt(DURING_GRACE_MS), query: away }
    expect(await readAhead(services, await candleTable())).toBeUndefined()
    const { changed } = await reads()
    expect(changed).toBe(12)
  })

  test('is waited for no longer than a second once the ticks are in: then the round folds them itself', async () => {
    await fill(3)
    const never = new Promise<never>(() => {})
    let isAhead = true
    const slow: Query = {
      async rows<Row>(sql: string): Promise<Row[]> {
        if (!isAhead) return query.rows<Row>(sql)
        isAhead = false
        return never
      },
    }
    const { changed } = await rollupCandles({ ...servicesAt(DURING_GRACE_MS), query: slow }, UNBOUNDED)
    // The candles that the round alone changes, and those of two other symbols, which close.
    expect({ changed, asked }).toEqual({ changed: 14, asked: 1 })
  })

  test('is kept, also of files with 2,100 candles in each of 11 timeframes', async () => {
    await fill(2_100)
    const { ahead, after } = await reads()
    expect(ahead).toHaveLength(12)
    expect(after).toEqual([])
  })

  test('is nothing once the grace is over: the round itself reads', async () => {
    await fill(3)
    expect(await readAhead(servicesAt(AFTER_GRACE_MS), await candleTable())).toBeUndefined()
    expect(store.dataFilesRead).toEqual([])
    expect(asked).toBe(0)
  })

  test('is left to the round where it cannot be read: reading ahead never fails', async () => {
    await fill(3)
    const candles = await candleTable()
    for (const path of await candleFiles()) await world.services.store.remove(path)
    const ahead = await readAhead(servicesAt(DURING_GRACE_MS), candles)
    expect(ahead?.minutes.length).toBeGreaterThan(0)
    const services = servicesAt(AFTER_GRACE_MS)
    const inputs = await loadInputs(services)
    await expect(liveRound(services, inputs, { since: inputs.state.vector })).rejects.toMatchObject({
      code: 'OBJECT_MISSING',
    })
  })
})
