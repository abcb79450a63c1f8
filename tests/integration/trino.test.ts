import { describe, expect, inject, it } from 'vitest'
import type { TimeRange } from '../../lib/market/range.ts'
import { TrinoQuery, type TrinoSettings } from '../../lib/trino/client.ts'
import { inRanges, integerLiteral, timestampLiteral } from '../../lib/trino/literals.ts'

function query(settings: Partial<TrinoSettings> = {}): TrinoQuery {
  return new TrinoQuery({ url: inject('sandboxEnv').TRINO_URL!, user: 'tests', ...settings })
}

/** A statement that would run for hours, findable by its tag. */
function endless(tag: string): string {
  const numbers = 'UNNEST(sequence(1, 10000))'
  return `SELECT sum(a * b * c), '${tag}' FROM ${numbers} t(a), ${numbers} u(b), ${numbers} v(c)`
}

describe('rows of Trino', () => {
  it('come back by name, with null, text, boolean and double as they are', async () => {
    const rows = await query().rows(
      "SELECT 'é''\"' AS text, true AS yes, 627.045e0 AS price, NULL AS nothing",
    )
    expect(rows).toEqual([{ text: 'é\'"', yes: true, price: 627.045, nothing: null }])
  })

  it('come back all 100,000, in order, over many pages', async () => {
    const rows = await query().rows<{ n: number }>(
      'SELECT a * 1000 + b AS n FROM UNNEST(sequence(0, 99)) t(a), UNNEST(sequence(0, 999)) u(b) ORDER BY 1',
    )
    expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 100_000 }, (_, n) => n))
  })

  it('come from a session in UTC, of the user that asks', async () => {
    const [row] = await query().rows('SELECT current_timezone() AS zone, current_user AS "user"')
    expect(row).toEqual({ zone: 'UTC', user: 'tests' })
  })

  it('hold a 64-bit integer exactly when it is cast to varchar', async () => {
    const most = integerLiteral(9_223_372_036_854_775_807n)
    const rows = await query().rows(`SELECT CAST(BIGINT '${most}' AS varchar) AS most`)
    expect(rows).toEqual([{ most }])
  })
})

describe('literals on Trino', () => {
  it.each([-1, 0, 1_767_225_600_000_001, -2_000_000_000_000_001])(
    'mean %i µs to the microsecond',
    async timeUs => {
      const [row] = await query().rows<{ seconds: number }>(
        `SELECT to_unixtime(${timestampLiteral(timeUs)}) AS seconds`,
      )
      expect(Math.round(row!.seconds * 1_000_000)).toBe(timeUs)
    },
  )

  it('find 3 of 7 times in 2 ranges, to the microsecond: starts are inside, ends are not', async () => {
    const found = await timesWithin(
      [-60_000_001, -60_000_000, -1, 0, 59_999_999, 1_767_225_600_000_000, 1_767_225_660_000_000],
      [
        { fromUs: -60_000_000, toUs: 0 },
        { fromUs: 1_767_225_600_000_000, toUs: 1_767_225_660_000_000 },
      ],
    )
    expect(found).toEqual([-60_000_000, -1, 1_767_225_600_000_000])
  })

  it('find times at the far ends of the years 1700 to 2249', async () => {
    const [fromUs, toUs] = [Date.UTC(1700, 0) * 1000, Date.UTC(2250, 0) * 1000]
    const found = await timesWithin([fromUs - 1, fromUs, toUs - 1, toUs], [{ fromUs, toUs }])
    expect(found).toEqual([fromUs, toUs - 1])
  })

  it('find no time in 0 ranges', async () => {
    expect(await timesWithin([0], [])).toEqual([])
  })
})

/** Which of the times, of the tables' own type, lie within the ranges. */
async function timesWithin(timesUs: readonly number[], ranges: readonly TimeRange[]): Promise<number[]> {
  const times = timesUs.map((timeUs, n) => `(${n}, ${timestampLiteral(timeUs)})`)
  const rows = await query().rows<{ n: number }>(
    `SELECT n FROM (VALUES ${times.join(', ')}) AS v(n, date_time) WHERE ${inRanges('date_time', ranges)} ORDER BY n`,
  )
  return rows.map(({ n }) => timesUs[n]!)
}

describe('a statement that Trino does not finish', () => {
  it('throws QueryFailed with SYNTAX_ERROR and COLUMN_NOT_FOUND, neither retryable', async () => {
    await expect(query().rows('SELEC 1')).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      errorName: 'SYNTAX_ERROR',
      retryable: false,
    })
    await expect(query().rows('SELECT nothing FROM system.runtime.nodes')).rejects.toMatchObject({
      errorName: 'COLUMN_NOT_FOUND',
    })
  })

  it('is cancelled on the server after 2 seconds', async () => {
    const tag = crypto.randomUUID()
    await expect(query({ timeoutMs: 2_000 }).rows(endless(tag))).rejects.toMatchObject({
      code: 'QUERY_TIMED_OUT',
    })
    const state = async () => {
      const rows = await query().rows<{ state: string }>(
        `SELECT state FROM system.runtime.queries WHERE query LIKE '%${tag}%' AND query NOT LIKE '%LIKE%'`,
      )
      return rows.map(row => row.state)
    }
    await expect.poll(state).toEqual(['FAILED'])
  })
})
