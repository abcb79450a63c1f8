import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Pace } from '../../lib/rollup/pace.ts'

const FOR_EVER = Number.POSITIVE_INFINITY
const sizeOf = (pace: Pace, leftMs = FOR_EVER) => pace.sizeWithin(leftMs)
const quick = (hours: number, rows = 0) => ({ hours, rows, tookMs: 4_999 })

/** A pace whose rounds are whole hours, of as many as said. */
function paceOf(hours: number): Pace {
  const pace = new Pace()
  while (sizeOf(pace).hours > hours) pace.halve(sizeOf(pace).hours)
  return pace
}

/** The sizes of a pace that is halved until it can be no smaller, each time after a round of all that it takes. */
function halvings(pace: Pace): string[] {
  const sizes: string[] = []
  while (pace.halve(sizeOf(pace).hours)) sizes.push(`${sizeOf(pace).hours}/${sizeOf(pace).shares}`)
  return sizes
}

describe('the size of rounds', () => {
  test('begins with a day, whole', () => {
    expect(sizeOf(new Pace())).toEqual({ hours: 24, shares: 1 })
  })

  test('grows fourfold after a quick round that changed few rows, up to 20,000 hours', () => {
    const pace = new Pace()
    const sizes = Array.from({ length: 7 }, () => {
      pace.tell(quick(sizeOf(pace).hours))
      return sizeOf(pace).hours
    })
    expect(sizes).toEqual([96, 384, 1_536, 6_144, 20_000, 20_000, 20_000])
  })

  test.each([
    [4_999, 96],
    [5_000, 48],
    [14_999, 32],
    [15_000, 24],
    [50_000, 9],
  ])('after a round of 24 hours that took %d ms is %d hours', (tookMs, hours) => {
    const pace = new Pace()
    pace.tell({ hours: 24, rows: 0, tookMs })
    expect(sizeOf(pace)).toEqual({ hours, shares: 1 })
  })

  test('does not grow by a quick round that had fewer hours than it might, unless they were nearly as many', () => {
    const pace = new Pace()
    pace.tell(quick(6))
    expect(sizeOf(pace).hours).toBe(24)
    pace.tell(quick(7))
    expect(sizeOf(pace).hours).toBe(28)
  })

  test('follows the rows that hours change: about 50,000 a round', () => {
    const pace = new Pace()
    pace.tell(quick(24, 48_000))
    expect(sizeOf(pace).hours).toBe(25)
    pace.tell(quick(25, 500_000))
    expect(sizeOf(pace).hours).toBe(2)
    pace.tell(quick(2, 3))
    expect(sizeOf(pace).hours).toBe(8)
  })

  test('is an hour at least, however many rows one changes', () => {
    const pace = new Pace()
    pace.tell(quick(1, 10_000_000))
    expect(sizeOf(pace)).toEqual({ hours: 1, shares: 1 })
  })
})

describe('the size of a round in the time that is left', () => {
  test('is that of a pace which knows nothing, however little is left', () => {
    expect(sizeOf(new Pace(), 1)).toEqual({ hours: 24, shares: 1 })
    expect(new Pace().fits(0)).toBe(true)
  })

  test('is as many hours as fit, by what each of the last round took', () => {
    const pace = new Pace()
    pace.tell({ hours: 24, rows: 0, tookMs: 19_200 })
    expect(sizeOf(pace, 19_200).hours).toBe(24)
    expect(sizeOf(pace, 19_199).hours).toBe(23)
    expect(sizeOf(pace, 3_600).hours).toBe(4)
    expect(sizeOf(pace, FOR_EVER).hours).toBe(24)
  })

  test('is as many as fit into 20 seconds, where more are left: several hours are not given longer', () => {
    const pace = new Pace()
    pace.tell({ hours: 24, rows: 0, tookMs: 48_000 })
    expect(sizeOf(pace, 20_000).hours).toBe(10)
    expect(sizeOf(pace, 48_000).hours).toBe(10)
  })

  test('is an hour where less fits; then it does not fit', () => {
    const pace = new Pace()
    pace.tell({ hours: 24, rows: 0, tookMs: 48_000 })
    expect(sizeOf(pace, 1_999).hours).toBe(1)
    expect([1_999, 2_000].map(leftMs => pace.fits(leftMs))).toEqual([false, true])
  })

  test('follows the newest round alone', () => {
    const pace = new Pace()
    pace.tell({ hours: 24, rows: 0, tookMs: 48_000 })
    pace.tell({ hours: 1, rows: 0, tookMs: 10_000 })
    expect([9_999, 10_000].map(leftMs => pace.fits(leftMs))).toEqual([false, true])
  })
})

describe('what was too much', () => {
  test('halves down to an hour, then to the 256th part of its symbols, and no further', () => {
    expect(halvings(new Pace())).toEqual([
      ...['12/1', '6/1', '3/1', '2/1', '1/1'],
      ...['1/2', '1/4', '1/8', '1/16', '1/32', '1/64', '1/128', '1/256'],
    ])
  })

  test('halves the hours that it had, where these were fewer than a round may have', () => {
    const pace = new Pace()
    pace.tell(quick(24))
    expect(pace.halve(10)).toBe(true)
    expect(sizeOf(pace)).toEqual({ hours: 5, shares: 1 })
  })

  test('is done in shares where it was one hour, whatever a round may have', () => {
    const pace = new Pace()
    expect(pace.halve(1)).toBe(true)
    expect(sizeOf(pace)).toEqual({ hours: 1, shares: 2 })
  })

  test('is kept from call to call: the next round is no larger, until one has told otherwise', () => {
    const pace = paceOf(6)
    expect(sizeOf(pace)).toEqual({ hours: 6, shares: 1 })
    expect(sizeOf(pace)).toEqual({ hours: 6, shares: 1 })
  })
})

describe('shares', () => {
  const inShares = (shares: number) => {
    const pace = paceOf(1)
    while (sizeOf(pace).shares < shares) pace.halve(1)
    return pace
  }
  /** The shares after the last of 64. */
  const after = (done: { hours?: number; rows?: number; tookMs: number }) => {
    const pace = inShares(64)
    pace.tell({ hours: 1, rows: 0, ...done })
    return sizeOf(pace)
  }

  test('are a fourth after an hour whose last one was quick, and half as many after a fair one', () => {
    expect(after({ tookMs: 4_999 })).toEqual({ hours: 1, shares: 16 })
    expect(after({ tookMs: 5_000 })).toEqual({ hours: 1, shares: 32 })
    expect(after({ tookMs: 14_999 })).toEqual({ hours: 1, shares: 32 })
    expect(after({ tookMs: 15_000 })).toEqual({ hours: 1, shares: 64 })
  })

  test('stay while an hour is not done: what is done of it is of use to no other number of them', () => {
    expect(after({ hours: 0, tookMs: 10 })).toEqual({ hours: 1, shares: 64 })
  })

  test('are not fewer than leaves a round some 50,000 rows', () => {
    expect(after({ rows: 12_500, tookMs: 1 }).shares).toBe(16)
    expect(after({ rows: 12_501, tookMs: 1 }).shares).toBe(32)
    expect(after({ rows: 25_001, tookMs: 1 }).shares).toBe(64)
  })

  test('end in whole hours again, which grow as others do', () => {
    const pace = inShares(2)
    pace.tell(quick(1))
    expect(sizeOf(pace)).toEqual({ hours: 1, shares: 1 })
    pace.tell(quick(1))
    expect(sizeOf(pace)).toEqual({ hours: 4, shares: 1 })
  })

  test('go on where the time that is left is enough for one', () => {
    const pace = inShares(8)
    pace.tell({ hours: 0, rows: 0, tookMs: 9_000 })
    expect([8_999, 9_000].map(leftMs => pace.fits(leftMs))).toEqual([false, true])
    pace.tell({ hours: 1, rows: 0, tookMs: 9_000 })
    expect(sizeOf(pace).shares).toBe(4)
    expect([17_999, 18_000].map(leftMs => pace.fits(leftMs))).toEqual([false, true])
  })

  test('end where 256 were too much as well: so the next hour is not too large, and is tried whole', () => {
    const pace = inShares(256)
    expect(pace.halve(1)).toBe(false)
    expect(sizeOf(pace)).toEqual({ hours: 1, shares: 1 })
  })
})

test('a round has an hour at least, and shares of one hour alone, whatever has been', () => {
  const done = fc.record({
    hours: fc.integer({ min: 1, max: 30_000 }),
    rows: fc.nat(200_000),
    tookMs: fc.nat(120_000),
  })
  const steps = fc.array(fc.oneof(done, fc.integer({ min: 1, max: 20_000 })), { maxLength: 30 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 1_000, max: 60_000 }), (all, leftMs) => {
      const pace = new Pace()
      for (const step of all) {
        if (typeof step === 'number') pace.halve(Math.min(step, sizeOf(pace).hours))
        else pace.tell(step)
        const { hours, shares } = sizeOf(pace, leftMs)
        expect(hours).toBeGreaterThanOrEqual(1)
        expect(hours).toBeLessThanOrEqual(20_000)
        expect(Number.isInteger(hours)).toBe(true)
        expect([1, 2, 4, 8, 16, 32, 64, 128, 256]).toContain(shares)
        if (shares > 1) expect(hours).toBe(1)
      }
    }),
  )
})
