import { beforeAll, expect, test } from 'vitest'
import { buildHistory } from '../../bench/history/buildHistory.ts'
import { publishedBeforeLastDay } from '../../bench/history/publishedBefore.ts'
import { DEFAULT_HISTORY, type HistorySpec } from '../../bench/history/spec.ts'
import { decodeParquet } from '../../lib/iceberg/parquet.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { mergeRows } from '../../lib/iceberg/upkeep/mergeRows.ts'
import { MAINTAINED_TABLES } from '../../lib/maintain/maintainedTables.ts'
import { publishCandles } from '../../lib/publish/publishCandles.ts'
import type { CandlesState } from '../../lib/tables/candlesState.ts'
import { TICKS_SCHEMA, TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { verify } from '../../lib/verify/verify.ts'
import { VERIFY_LIMITS } from '../../lib/verify/verifyTables.ts'
import { newWorld, type World } from '../support/world.ts'

const SPEC: HistorySpec = {
  ...DEFAULT_HISTORY,
  days: 3,
  symbols: 9,
  endUs: Date.parse('2026-03-02T01:30:00Z') * 1000,
  everySeconds: 3_600,
  lastDayEverySeconds: 7,
}
const TICKS_A_SYMBOL = 2 * 24 + Math.ceil(5_400 / 7)

let world: World
let state: CandlesState
beforeAll(async () => {
  world = await newWorld()
  state = await buildHistory(world.services, SPEC, () => {})
})

test('the candles of a history are what its ticks say', async () => {
  const limits = { ...VERIFY_LIMITS, publishPatienceMs: 0 }
  const { ticks, differences } = await verify(world.services, {}, () => {}, limits)
  expect(differences).toEqual([])
  expect(ticks).toBe(9 * TICKS_A_SYMBOL)
})

test('the ticks of a history lie as maintain sorts them: nothing changes when it merges a file with itself', async () => {
  const { store } = world.services
  const table = await world.catalog.loadTable(TICKS_TABLE)
  const files = await planFiles(store, table)
  expect(files).toHaveLength(SPEC.days)
  const { layout } = MAINTAINED_TABLES.find(({ ident }) => ident === TICKS_TABLE)!
  for (const file of files) {
    const [merged] = await mergeRows(store, table, [file], layout)
    const [before, after] = await Promise.all(
      [file, merged!].map(async ({ path }) => decodeParquet(await store.read(path), TICKS_SCHEMA)),
    )
    expect(after).toEqual(before)
  }
})

test('the ticks of a history lie in unequal partitions', () => {
  expect(state.vector.positions.map(({ next }) => next / TICKS_A_SYMBOL)).toEqual([5, 2, 1, 1])
})

test('of a history whose earlier candles count as sent, publish sends those that changed on the last day', async () => {
  await publishedBeforeLastDay(world.services)
  const { sent } = await publishCandles(world.services, () => 60_000)
  // An hour and a half of m1, m5, m10, m15, m30, h1, and one each of h3, h4, D1, W1, M1.
  expect(sent).toBe(9 * (90 + 18 + 9 + 6 + 3 + 2 + 5))
})
