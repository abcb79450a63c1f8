import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MinuteFold, type PlacedPrice, withTick } from '../../lib/live/minuteFold.ts'
import { foldToMinutes } from '../support/minuteFold.ts'

const DAY_US = 1_772_323_200_000_000

/** Ticks of one minute whose times and numbers are often equal; each has an offset of its own. */
const ticks = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 30 })), {
    minLength: 1,
    maxLength: 30,
    selector: place => place.join(),
  })
  .chain(places =>
    fc.tuple(
      ...places.map(([partition, offset]) =>
        fc.record({
          price: fc.constantFrom(-1.5, 0, 1e-300, 1.25, 2.5, 1.7e308),
          dateTimeUs: fc.constantFrom(0, 1, 59_999_999).map(us => DAY_US + us),
          number: fc.constantFrom<number | bigint>(
            -3,
            7,
            2 ** 53 - 1,
            2n ** 53n,
            2n ** 53n + 1n,
            -(2n ** 60n),
          ),
          partition: fc.constant(partition),
          offset: fc.constant(offset),
        }),
      ),
    ),
  )

test('a minute is the same for any order of its ticks, and as the statement folds it', () => {
  fc.assert(
    fc.property(ticks, fc.infiniteStream(fc.nat()), (some: PlacedPrice[], keys) => {
      const shuffled = some
        .map(tick => [keys.next().value ?? 0, tick] as const)
        .sort(([a], [b]) => a - b)
        .map(([, tick]) => tick)
      const fold = shuffled.reduce<MinuteFold | undefined>(withTick, undefined)
      const rows = some.map(({ price, number, ...place }) => ({
        source: 's',
        symbol: 'x',
        epoch: 0,
        mid: price,
        bid: price,
        ask: price,
        number: BigInt(number),
        ...place,
      }))
      const [expected] = foldToMinutes(rows).values()
      const { open, high, low, close, volume } = expected!
      expect(fold!.values).toEqual({ open, high, low, close, volume })
    }),
  )
})

test('one tick is open, high, low and close', () => {
  const tick = { price: 2.5, dateTimeUs: 1, number: 1, partition: 0, offset: 0 }
  expect(new MinuteFold(tick).values).toEqual({ open: 2.5, high: 2.5, low: 2.5, close: 2.5, volume: 1 })
})
