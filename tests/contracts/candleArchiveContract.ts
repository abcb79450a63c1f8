import { describe, expect, test } from 'vitest'
import type { Candle } from '../../lib/market/candle.ts'
import type { CandleArchive } from '../../lib/query/candleArchive.ts'
import { candle, withMonths } from '../support/candles.ts'

/** An archive, and a way to have candles in it. */
export interface ArchiveWorld {
  readonly archive: CandleArchive
  commit(candles: readonly Candle[]): Promise<void>
  /** Nothing else in the archive is from it. */
  readonly source: string
}

const at = (year: number, month: number, day: number, minute = 0) =>
  Date.UTC(year, month - 1, day, 0, minute) * 1000
const ALL = { fromUs: at(1970, 1, 1), toUs: at(2200, 1, 1) }

/** What every archive of candles does. */
export function candleArchiveContract(name: string, open: () => Promise<ArchiveWorld>): void {
  describe(`candles in ${name}`, () => {
    test('come newest first, at most as many as wanted, from a start that is included to an end that is not', async () => {
      const { archive, commit, source } = await open()
      const starts = [0, 1, 2, 3, 4].map(minute => at(1991, 5, 1, minute))
      await commit(withMonths(starts.map(dateTimeUs => candle({ source, dateTimeUs }))))
      const snapshot = await archive.current()
      const of = async (fromUs: number, toUs: number, limit: number) => {
        const found = await snapshot.newest({ source, symbol: 'X', timeframe: 'm1', fromUs, toUs }, limit)
        return found.map(({ dateTimeUs }) => dateTimeUs)
      }
      expect(await of(starts[1]!, starts[4]!, 10)).toEqual([starts[3], starts[2], starts[1]])
      expect(await of(starts[1]!, starts[4]!, 2)).toEqual([starts[3], starts[2]])
      expect(await of(starts[4]! + 1, ALL.toUs, 10)).toEqual([])
    })

    test('are searched for: what a search leaves over, the next one finds', async () => {
      const { archive, commit, source } = await open()
      const starts = [0, 1, 2, 3, 4].map(minute => at(1991, 5, 1, minute))
      await commit(withMonths(starts.map(dateTimeUs => candle({ source, dateTimeUs }))))
      const snapshot = await archive.current()
      const found: number[] = []
      for (let toUs: number | undefined = ALL.toUs; toUs !== undefined; ) {
        const stretch = { source, symbol: 'X', timeframe: 'm1', fromUs: starts[1]!, toUs }
        const { candles, restUs } = await snapshot.search(stretch, 10)
        found.push(...candles.map(({ dateTimeUs }) => dateTimeUs))
        toUs = restUs
      }
      expect(found).toEqual(starts.slice(1).toReversed())
    })

    test('keep every field: microseconds, all digits of a price, counts above 32 bits, what is open', async () => {
      const { archive, commit, source } = await open()
      const exact = candle({
        ...{
          source,
          dateTimeUs: at(1991, 5, 1),
          open: 0.1 + 0.2,
          high: 1.7976931348623157e308,
          low: 5e-324,
          close: -0.1,
        },
        ...{
          volume: 9_007_199_254_740_991,
          closed: false,
          revision: 2_147_483_646, // The largest that can still be closed: a rollup may come by.
          updatedAtUs: 1_795_564_800_123_457,
        },
      })
      await commit(withMonths([exact]))
      const snapshot = await archive.current()
      expect(await snapshot.newest({ source, symbol: 'X', timeframe: 'm1', ...ALL }, 10)).toEqual([exact])
    })

    test('are those of just that source, symbol and timeframe, whatever is in the names', async () => {
      const { archive, commit, source } = await open()
      const symbols = [
        `O'NEIL|"😀 `,
        `O'NEIL|"😀`,
        `' OR '1'='1`,
        '%',
        '?',
        '\\',
        'x\ny',
        'zero\0byte',
        '{{catalog}}',
      ]
      const dateTimeUs = at(1991, 5, 1)
      const ofAll = symbols.flatMap((symbol, i) => [
        candle({ source, symbol, dateTimeUs, volume: i }),
        candle({ source, symbol, timeframe: 'm5', dateTimeUs, volume: 100 + i }),
        candle({ source: `${source}'`, symbol, dateTimeUs, volume: 200 + i }),
      ])
      await commit(withMonths(ofAll))
      const snapshot = await archive.current()
      for (const [i, symbol] of symbols.entries()) {
        const found = await snapshot.newest({ source, symbol, timeframe: 'm1', ...ALL }, 10)
        expect(found.map(row => [row.symbol, row.volume])).toEqual([[symbol, i]])
      }
      const named = (await snapshot.symbols()).filter(row => row.source === source)
      expect(named.map(({ symbol }) => symbol).toSorted()).toEqual(symbols.toSorted())
    })

    test('are listed by source and symbol, with the months of the first and the last', async () => {
      const { archive, commit, source } = await open()
      const starts = [at(1991, 5, 31), at(1992, 12, 1), at(1991, 8, 8)]
      await commit(withMonths(starts.map(dateTimeUs => candle({ source, dateTimeUs }))))
      const [listed] = (await (await archive.current()).symbols()).filter(row => row.source === source)
      expect(listed).toEqual({
        source,
        symbol: 'X',
        firstMonthUs: at(1991, 5, 1),
        lastMonthUs: at(1992, 12, 1),
      })
    })

    test('that are committed later are not in a snapshot given out before, and in the next, under another id', async () => {
      const { archive, commit, source } = await open()
      const stretch = { source, symbol: 'X', timeframe: 'm1', ...ALL }
      await commit(withMonths([candle({ source, dateTimeUs: at(1991, 5, 1) })]))
      const before = await archive.current()
      await commit(withMonths([candle({ source, dateTimeUs: at(1991, 5, 2) })]))
      const after = await archive.current()
      expect(after.id).not.toBe(before.id)
      expect(after.committedAtUs).toBeGreaterThanOrEqual(before.committedAtUs)
      expect(await before.newest(stretch, 10)).toHaveLength(1)
      expect(await after.newest(stretch, 10)).toHaveLength(2)
    })
  })
}
