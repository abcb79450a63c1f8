import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_US, HOUR_US, MINUTE_US } from '../../lib/market/time.ts'
import { bucketStart, TIMEFRAMES, timeframeOf } from '../../lib/market/timeframe.ts'
import { checkSymbol, newestMinute, readCandlePage } from '../../lib/query/readCandlePage.ts'
import { candle, withMonths } from '../support/candles.ts'
import { MemoryArchive } from '../support/memoryArchive.ts'

const NOON_US = Date.UTC(2026, 1, 10, 12) * 1000

function archiveOf(timeframe: string, startsUs: readonly number[], nowUs = NOON_US): MemoryArchive {
  const archive = new MemoryArchive(() => nowUs / 1000)
  archive.commit(withMonths(startsUs.map(dateTimeUs => candle({ timeframe, dateTimeUs }))))
  return archive
}

const OF_X = { source: 'S', symbol: 'X', timeframe: 'm1', fromUs: undefined, toUs: undefined } as const

async function read(archive: MemoryArchive, of: Partial<Parameters<typeof readCandlePage>[1]> = {}) {
  const snapshot = await archive.current()
  const { candles, olderUs } = await readCandlePage(snapshot, { ...OF_X, limit: 500, ...of })
  return { starts: candles.map(({ dateTimeUs }) => dateTimeUs), olderUs }
}

describe('readCandlePage', () => {
  test('gives the newest 3 of 5 candles, oldest first, and where the older ones end', async () => {
    const starts = [5, 4, 3, 2, 1].map(minutes => NOON_US - minutes * MINUTE_US)
    const archive = archiveOf('m1', starts)
    const newest = await read(archive, { limit: 3 })
    expect(newest).toEqual({ starts: starts.slice(2), olderUs: starts[2] })
    expect((await read(archive, { limit: 3, toUs: newest.olderUs })).starts).toEqual(starts.slice(0, 2))
  })

  test('a start is inside the stretch, an end is not', async () => {
    const starts = [3, 2, 1].map(hours => NOON_US - hours * HOUR_US)
    const stretch = { fromUs: starts[0], toUs: starts[2] }
    expect(await read(archiveOf('m1', starts), stretch)).toEqual({
      starts: starts.slice(0, 2),
      olderUs: undefined,
    })
  })

  test('finds a candle that a wrong clock put 20 days ahead', async () => {
    const ahead = NOON_US + 18 * DAY_US
    expect((await read(archiveOf('m1', [NOON_US, ahead]))).starts).toEqual([NOON_US, ahead])
  })

  test('the first week is found though it began in the month before', async () => {
    const monday = Date.UTC(2026, 1, 23) * 1000
    const archive = new MemoryArchive(() => Date.UTC(2026, 2, 3))
    archive.commit([
      candle({ timeframe: 'W1', dateTimeUs: monday }),
      candle({ timeframe: 'M1', dateTimeUs: Date.UTC(2026, 2, 1) * 1000 }),
    ])
    expect(await read(archive, { timeframe: 'W1' })).toEqual({ starts: [monday], olderUs: undefined })
  })

  test('of exactly 3 candles is the last one: nothing is older', async () => {
    const starts = [3, 2, 1].map(minutes => NOON_US - minutes * MINUTE_US)
    expect(await read(archiveOf('m1', starts), { limit: 3 })).toEqual({ starts, olderUs: undefined })
  })

  test('is one search, with any gaps; where that search ends, the page before begins', async () => {
    const archive = archiveOf('m1', [NOON_US - 5 * 365 * DAY_US, NOON_US])
    const snapshot = await archive.current()
    let searches = 0
    const searching = {
      ...snapshot,
      search: async (...of: Parameters<typeof snapshot.search>) => {
        searches++
        const { candles } = await snapshot.search(...of)
        return { candles: candles.slice(0, 1), restUs: NOON_US - DAY_US }
      },
    }
    const page = await readCandlePage(searching, { ...OF_X, limit: 500 })
    expect(page.candles.map(({ dateTimeUs }) => dateTimeUs)).toEqual([NOON_US])
    expect(page.olderUs).toBe(NOON_US - DAY_US)
    expect(searches).toBe(1)
  })

  test('a symbol of which there is nothing is UNKNOWN_SYMBOL, also when another source has it', async () => {
    const unknown = { code: 'UNKNOWN_SYMBOL' }
    const check = async (archive: MemoryArchive, source = 's') =>
      checkSymbol(await archive.current(), { ...OF_X, source })
    await expect(check(archiveOf('m1', []))).rejects.toMatchObject(unknown)
    await expect(check(archiveOf('M1', [NOON_US]), 'T')).rejects.toMatchObject(unknown)
    await expect(check(archiveOf('M1', [NOON_US]), OF_X.source)).resolves.toBeUndefined()
  })

  test('a stretch before all history is empty, and nothing is older', async () => {
    const before = { toUs: NOON_US - 100 * DAY_US }
    expect(await read(archiveOf('m1', [NOON_US]), before)).toEqual({ starts: [], olderUs: undefined })
  })

  test('page by page, every candle of any history comes once, in order', async () => {
    const timeframe = fc.constantFrom(...TIMEFRAMES.map(({ name }) => name))
    const minutesBack = fc.array(fc.nat({ max: 400 * 1440 }), { minLength: 1, maxLength: 40 })
    const history = fc.record({ timeframe, minutesBack, limit: fc.integer({ min: 1, max: 50 }) })
    await fc.assert(
      fc.asyncProperty(history, async ({ timeframe, minutesBack, limit }) => {
        const times = minutesBack.map(minutes => NOON_US - minutes * MINUTE_US)
        const archive = new MemoryArchive(() => NOON_US / 1000)
        const candles = times.map(timeUs =>
          candle({ timeframe, dateTimeUs: bucketStart(timeframeOf(timeframe), timeUs) }),
        )
        const months = times.map(timeUs =>
          candle({ timeframe: 'M1', dateTimeUs: bucketStart(timeframeOf('M1'), timeUs) }),
        )
        archive.commit([...candles, ...months])
        const all: number[] = []
        let toUs: number | undefined
        for (let pages = 0; ; pages++) {
          expect(pages).toBeLessThan(200)
          const page = await read(archive, { timeframe, limit, toUs })
          all.unshift(...page.starts)
          if (page.olderUs === undefined) break
          toUs = page.olderUs
        }
        const expected = [...new Set(candles.map(({ dateTimeUs }) => dateTimeUs))].toSorted((a, b) => a - b)
        expect(all).toEqual(expected)
      }),
      { numRuns: 60, examples: [[{ timeframe: 'm1', minutesBack: [539_281, 0], limit: 1 }]] },
    )
  })
})

describe('newestMinute', () => {
  test('is the start of the newest m1 candle, beside any other candles; undefined without one', async () => {
    const archive = archiveOf('m1', [NOON_US - DAY_US, NOON_US - MINUTE_US])
    archive.commit([candle({ timeframe: 'm5', dateTimeUs: NOON_US })])
    const snapshot = await archive.current()
    expect(await newestMinute(snapshot, OF_X)).toBe(NOON_US - MINUTE_US)
    expect(await newestMinute(snapshot, { ...OF_X, symbol: 'Y' })).toBeUndefined()
  })
})
