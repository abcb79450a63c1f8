import { expect, test } from 'vitest'
import { buildHistory } from '../../bench/history/buildHistory.ts'
import { publishedBeforeLastDay } from '../../bench/history/publishedBefore.ts'
import { DEFAULT_HISTORY, type HistorySpec } from '../../bench/history/spec.ts'
import { publishCandles } from '../../lib/steps/publishCandles.ts'
import { verify } from '../../lib/verify/verify.ts'
import { VERIFY_LIMITS } from '../../lib/verify/verifyTables.ts'
import { newWorld } from '../steps/world.ts'

const SPEC: HistorySpec = {
  ...DEFAULT_HISTORY,
  days: 3,
  symbols: 9,
  endUs: Date.parse('2026-03-02T01:30:00Z') * 1000,
  everySeconds: 3_600,
  lastDayEverySeconds: 7,
}

test('a history that is built is what its ticks say, tick by tick; its partitions are unequal', async () => {
  const { services } = await newWorld()
  const { vector } = await buildHistory(services, SPEC, () => {})
  const findings = await verify(services, {}, () => {}, { ...VERIFY_LIMITS, publishPatienceMs: 0 })
  expect(findings.differences).toEqual([])
  const ticksASymbol = 2 * 24 + Math.ceil(5_400 / 7)
  expect(findings.ticks).toBe(9 * ticksASymbol)
  expect(vector.positions.map(({ next }) => next / ticksASymbol)).toEqual([5, 2, 1, 1])
})

test('of a history whose earlier candles count as sent, publish sends those of the last day', async () => {
  const { services } = await newWorld()
  await buildHistory(services, SPEC, () => {})
  await publishedBeforeLastDay(services)
  // m1 to D1 of an hour and a half, and the open week and month, of each symbol.
  const { sent } = await publishCandles(services, () => 60_000)
  expect(sent).toBe(9 * (90 + 18 + 9 + 6 + 3 + 2 + 1 + 1 + 1 + 1 + 1))
})
