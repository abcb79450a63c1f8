import { currentSnapshot } from '../iceberg/metadata.ts'
import type { Candle } from '../market/candle.ts'
import type { TimeRange } from '../market/range.ts'
import { type Micros, SECOND_US } from '../market/time.ts'
import type { Services } from '../services.ts'
import { type CandlesState, candlesState } from '../tables/candlesState.ts'
import { CANDLES_TABLE } from '../tables/candlesTable.ts'
import { loadTable } from '../tables/layout.ts'
import { integerLiteral, textLiteral, timestampLiteral } from '../trino/literals.ts'
import { withParameters } from '../trino/parameters.ts'
import { renderSql } from '../trino/sql.ts'

const MILLISECOND_US = 1_000

/** A symbol of one source, and the months, by their first moment, of its first and last candle. */
export interface SymbolMonths {
  readonly source: string
  readonly symbol: string
  readonly firstMonthUs: Micros
  readonly lastMonthUs: Micros
}

/** Which candles: those of one symbol and timeframe that begin within a stretch of time. */
export interface CandleStretch extends TimeRange {
  readonly source: string
  readonly symbol: string
  readonly timeframe: string
}

/** The candles as one commit left them: they change no more. */
export interface CandleSnapshot {
  /** Another one for every commit. */
  readonly id: string
  readonly committedAtUs: Micros
  /** What the commit says of its candles. */
  readonly state: CandlesState
  /** By source and symbol. */
  symbols(): Promise<readonly SymbolMonths[]>
  /** At most `limit` candles, newest first. */
  newest(stretch: CandleStretch, limit: number): Promise<readonly Candle[]>
}

/** Where candles are looked up. */
export interface CandleArchive {
  /** The candles as the newest commit left them. */
  current(): Promise<CandleSnapshot>
}

/** Candles of the Iceberg table, read by Trino. Throws what `loadTable` and `Query` throw. */
export class TrinoArchive implements CandleArchive {
  readonly #services: Pick<Services, 'catalog' | 'query' | 'settings'>

  constructor(services: Pick<Services, 'catalog' | 'query' | 'settings'>) {
    this.#services = services
  }

  async current(): Promise<CandleSnapshot> {
    const { catalog, query, settings } = this.#services
    const table = await loadTable(catalog, CANDLES_TABLE)
    const { snapshotId, timestampMs } = currentSnapshot(table)!
    const id = String(snapshotId)
    const names = { catalog: settings.trinoCatalog, candles_snapshot: id }
    return {
      id,
      committedAtUs: timestampMs * MILLISECOND_US,
      state: candlesState(table),
      symbols: async () => (await query.rows<SymbolRow>(renderSql('symbols', names))).map(symbolOf),
      newest: async (stretch, limit) => {
        const page = withParameters(renderSql('candle_page', names), parametersOf(stretch, limit))
        return (await query.rows<CandleRow>(page)).map(row => candleOf(stretch, row))
      },
    }
  }
}

interface SymbolRow {
  readonly source: string
  readonly symbol: string
  readonly first_month_seconds: number
  readonly last_month_seconds: number
}

interface CandleRow
  extends Pick<Candle, 'open' | 'high' | 'low' | 'close' | 'volume' | 'closed' | 'revision'> {
  readonly start_seconds: number
  readonly updated_at_us: number
}

function parametersOf({ source, symbol, timeframe, fromUs, toUs }: CandleStretch, limit: number): string[] {
  return [
    ...[source, symbol, timeframe].map(textLiteral),
    ...[fromUs, toUs].map(timestampLiteral),
    integerLiteral(limit),
  ]
}

function symbolOf({ source, symbol, first_month_seconds, last_month_seconds }: SymbolRow): SymbolMonths {
  return {
    source,
    symbol,
    firstMonthUs: first_month_seconds * SECOND_US,
    lastMonthUs: last_month_seconds * SECOND_US,
  }
}

function candleOf({ source, symbol, timeframe }: CandleStretch, row: CandleRow): Candle {
  const { start_seconds, updated_at_us, ...values } = row
  return {
    source,
    symbol,
    timeframe,
    dateTimeUs: start_seconds * SECOND_US,
    ...values,
    updatedAtUs: updated_at_us,
  }
}
