import type { OracleTick } from '../support/foldTicks.ts'

/** Which rows of either table a step touches; what is left out does not matter. Times are ISO 8601, UTC, [from, to). */
export interface Where {
  readonly source?: string
  readonly symbol?: string
  readonly from?: string
  readonly to?: string
  /** Of candles alone. */
  readonly timeframe?: string
}

/** How an engine writes a moment. */
const MOMENTS = {
  trino: (iso: string) => `TIMESTAMP '${iso.slice(0, 19).replace('T', ' ')} UTC'`,
  spark: (iso: string) => `TIMESTAMP '${iso.slice(0, 19).replace('T', ' ')}'`,
  duckdb: (iso: string) => `TIMESTAMPTZ '${iso.slice(0, 19).replace('T', ' ')}+00'`,
  pyiceberg: (iso: string) => `'${iso.slice(0, 19)}+00:00'`,
} as const

/** The predicate as an engine's SQL, or its own language, has it. Values are the tests' own. */
export function predicate(where: Where, dialect: keyof typeof MOMENTS): string {
  const moment = MOMENTS[dialect]
  const { source, symbol, from, to, timeframe } = where
  const terms = [
    source && `source = '${source}'`,
    symbol && `symbol = '${symbol}'`,
    timeframe && `timeframe = '${timeframe}'`,
    from && `date_time >= ${moment(from)}`,
    to && `date_time < ${moment(to)}`,
  ]
  return terms.filter(Boolean).join(' AND ')
}

/** True for the ticks that the predicate holds for. */
export function matches({ source, symbol, from, to }: Where): (tick: OracleTick) => boolean {
  const fromUs = from === undefined ? undefined : microsOf(from)
  const toUs = to === undefined ? undefined : microsOf(to)
  return tick =>
    (source === undefined || tick.source === source) &&
    (symbol === undefined || tick.symbol === symbol) &&
    (fromUs === undefined || tick.dateTimeUs >= fromUs) &&
    (toUs === undefined || tick.dateTimeUs < toUs)
}

function microsOf(iso: string): bigint {
  return BigInt(Date.parse(iso)) * 1000n
}

export function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}

/** The day, and the month, that a moment lies in: a partition of ticks, and of candles. */
export function dayOf(ms: number): Required<Pick<Where, 'from' | 'to'>> {
  const [year, month, day] = civilOf(ms)
  return { from: isoOf(Date.UTC(year, month, day)), to: isoOf(Date.UTC(year, month, day + 1)) }
}

export function monthOf(ms: number): Required<Pick<Where, 'from' | 'to'>> {
  const [year, month] = civilOf(ms)
  return { from: isoOf(Date.UTC(year, month)), to: isoOf(Date.UTC(year, month + 1)) }
}

function civilOf(ms: number): [number, number, number] {
  const day = new Date(ms)
  return [day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate()]
}
