import { type Candle, candleId } from '../../lib/market/candle.ts'
import { bucketStart, timeframeOf } from '../../lib/market/timeframe.ts'
import type {
  CandleArchive,
  CandleSnapshot,
  CandleStretch,
  SymbolMonths,
} from '../../lib/query/candleArchive.ts'
import { type CandlesState, NO_CANDLES } from '../../lib/tables/candlesState.ts'

const MONTH = timeframeOf('M1')

/** The state of a table for which no tick was read yet. */
export const EMPTY_STATE: CandlesState = { ...NO_CANDLES, ticksUuid: 'ticks' }

/** Candles in memory, for tests: a commit makes a new snapshot, and those given out before it stay as they were. */
export class MemoryArchive implements CandleArchive {
  readonly #nowMs: () => number
  #commits = 0
  #committedAtMs: number
  #rows: readonly Candle[] = []
  #state = EMPTY_STATE

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs
    this.#committedAtMs = nowMs()
  }

  /** Adds these candles, in place of those they are revisions of. */
  commit(candles: readonly Candle[], state: Partial<CandlesState> = {}): void {
    this.#state = { ...this.#state, ...state }
    const rows = new Map([...this.#rows, ...candles].map(candle => [candleId(candle), candle]))
    this.#rows = [...rows.values()].toSorted((a, b) => b.dateTimeUs - a.dateTimeUs)
    this.#commits++
    this.#committedAtMs = this.#nowMs()
  }

  async current(): Promise<CandleSnapshot> {
    const rows = this.#rows
    const state = this.#state
    const newest: CandleSnapshot['newest'] = async (stretch, limit) =>
      rows.filter(row => isWithin(row, stretch)).slice(0, limit)
    return {
      id: String(this.#commits),
      committedAtUs: this.#committedAtMs * 1000,
      state,
      symbols: async () => symbolsOf(rows),
      search: async (...of) => ({ candles: await newest(...of), restUs: undefined }),
      newest,
    }
  }
}

function isWithin(row: Candle, { source, symbol, timeframe, fromUs, toUs }: CandleStretch): boolean {
  return (
    row.source === source &&
    row.symbol === symbol &&
    row.timeframe === timeframe &&
    row.dateTimeUs >= fromUs &&
    row.dateTimeUs < toUs
  )
}

function symbolsOf(rows: readonly Candle[]): SymbolMonths[] {
  const monthly = rows.filter(({ timeframe }) => timeframe === 'M1')
  const bySymbol = Map.groupBy(monthly, ({ source, symbol }) => JSON.stringify([source, symbol]))
  return [...bySymbol.values()].map(ofOne => {
    const { source, symbol } = ofOne[0]!
    const months = ofOne.map(({ dateTimeUs }) => bucketStart(MONTH, dateTimeUs))
    return { source, symbol, firstMonthUs: Math.min(...months), lastMonthUs: Math.max(...months) }
  })
}
