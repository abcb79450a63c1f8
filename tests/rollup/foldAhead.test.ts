import fc from 'fast-check'
import { expect, test } from 'vitest'
import { joinParts } from '../../lib/rollup/foldAhead.ts'
import type { FoldedMinute, TickPlace } from '../../lib/rollup/foldMinutes.ts'
import { foldTicks, type OracleTick } from '../support/foldTicks.ts'

/** Ticks of two minutes, many of which share their time or number. */
const TICKS = fc.array(
  fc.record({
    source: fc.constantFrom('a', 'b'),
    symbol: fc.constantFrom('x', 'y'),
    mid: fc.integer({ min: 1, max: 9 }),
    number: fc.constantFrom(1n, -7n, 2n ** 62n, 2n ** 62n + 1n),
    dateTimeUs: fc.constantFrom(0n, 1n, 59_999_999n, 60_000_000n, 90_000_000n),
    epoch: fc.constantFrom(0, 1),
    partition: fc.constantFrom(0, 10, 9),
    isLater: fc.boolean(),
  }),
  { maxLength: 40 },
)

const byPlace = (a: OracleTick, b: OracleTick) =>
  Number(a.dateTimeUs - b.dateTimeUs) ||
  (a.number < b.number ? -1 : a.number > b.number ? 1 : 0) ||
  a.epoch - b.epoch ||
  a.partition - b.partition ||
  a.offset - b.offset

function placeOf({ dateTimeUs, number, epoch, partition, offset }: OracleTick): TickPlace {
  const time = new Date(Number(dateTimeUs / 1000n))
    .toISOString()
    .replace('Z', String(dateTimeUs % 1000n).padStart(3, '0'))
  return [time, String(number), String(epoch), String(partition), String(offset)]
}

/** As Trino folds them. */
function folded(ticks: readonly OracleTick[]): FoldedMinute[] {
  const minutes = [...foldTicks(ticks).values()].filter(({ timeframe }) => timeframe === 'm1')
  return minutes.map(({ start, ...candle }) => {
    const dateTimeUs = Date.parse(start) * 1000
    const own = ticks
      .filter(tick => tick.source === candle.source && tick.symbol === candle.symbol)
      .filter(tick => Math.floor(Number(tick.dateTimeUs) / 60e6) * 60e6 === dateTimeUs)
      .sort(byPlace)
    return { ...candle, dateTimeUs, ends: [placeOf(own[0]!), placeOf(own.at(-1)!)] }
  })
}

const inOrder = (minutes: readonly FoldedMinute[]) =>
  minutes.toSorted((a, b) =>
    JSON.stringify([a.dateTimeUs, a.source, a.symbol]) < JSON.stringify([b.dateTimeUs, b.source, b.symbol])
      ? -1
      : 1,
  )

test('two parts of any ticks, folded apart and joined, are all of them folded at once', () => {
  fc.assert(
    fc.property(TICKS, made => {
      const ticks = made.map((tick, offset) => ({ ...tick, offset }))
      const parts = [ticks.filter(({ isLater }) => !isLater), ticks.filter(({ isLater }) => isLater)]
      const [some, others] = parts.map(folded)
      expect(inOrder(joinParts(some!, others!))).toEqual(inOrder(folded(ticks)))
    }),
  )
})
