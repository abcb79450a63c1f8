import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BAD_TICK_REASONS, decodeTick, type Tick } from '../../lib/market/tick.ts'
import { type Case, LIMITS, RECORD_MS, type Row } from './case.ts'
import { CORPUS } from './corpus.ts'
import { RECORDS } from './mutations.ts'
import { parseSlowly, writeSlowly } from './slowJson.ts'
import { readSlowly } from './slowReader.ts'
import { throughParquet } from './throughParquet.ts'

/** Names in `extra` may stand in any order: they are compared sorted. */
function sorted(row: Row): Row {
  return row.extra === null ? row : { ...row, extra: writeSlowly(parseSlowly(String(row.extra))!.value) }
}

/** Short enough and flat enough for a reader that takes its time and the stack's depth. */
const isSlowlyReadable = ({ value, expected }: Case) =>
  expected !== 'too_deep' && (value?.length ?? 0) < 20_000

describe('the slow reader', () => {
  test.each(CORPUS.filter(isSlowlyReadable))('reads $name as the corpus says', ({ value, expected }) => {
    const found = readSlowly(value)
    expect(found).toEqual(typeof expected === 'string' ? expected : sorted(expected))
  })
})

describe('5,000 good, nearly good and random records', () => {
  test('are read as the slow reader reads them, and come back from Parquet so', async () => {
    const met = new Map<string, number>()
    const files = fc.array(RECORDS, { minLength: 10, maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(files, async values => {
        const decoded = values.map(value => decodeTick(value, RECORD_MS, LIMITS))
        const expected = values.map(readSlowly)
        for (const one of expected) count(met, typeof one === 'string' ? one : 'row')
        const ticks = decoded.filter((one): one is Tick => typeof one !== 'string')
        const rows = ticks.length === 0 ? [] : await throughParquet(ticks)
        const found = decoded.map(one => (typeof one === 'string' ? one : sorted(rows.shift()!)))
        expect(found).toEqual(expected)
      }),
      { numRuns: 500 },
    )
    // Else the records would say nothing.
    expect(met.get('row')).toBeGreaterThan(500)
    const unmet = BAD_TICK_REASONS.filter(reason => !met.has(reason))
    expect(unmet).toEqual(['no_value', 'record_timestamp'])
  })
})

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1)
}
