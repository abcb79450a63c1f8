import { TickhouseError } from '../errors.ts'
import { currentSnapshot } from '../iceberg/metadata.ts'
import type { Table } from '../iceberg/table.ts'
import type { CandleKey, CandleValues, ComputedCandle } from '../market/candle.ts'
import type { TimeRange } from '../market/range.ts'
import { SECOND_US } from '../market/time.ts'
import type { QueryOptions } from '../ports.ts'
import type { Services } from '../services.ts'
import type { OffsetStretch } from '../tables/offsetVector.ts'
import { inRanges, integerLiteral, textLiteral } from '../trino/literals.ts'
import { renderSql } from '../trino/sql.ts'
import { type SymbolShare, shareSql } from './symbolShare.ts'

/** The ticks to fold: those of one version of the table, in stretches of whole minutes. */
export interface FoldedTicks {
  readonly ticks: Table
  readonly stretches: readonly TimeRange[]
  /** Offsets whose ticks are left out: `ingest` has committed them since the candles' vector. */
  readonly later?: readonly OffsetStretch[]
  /** Only the ticks of these data files; of all unless said. */
  readonly paths?: readonly string[]
}

/** Where a tick stands among others: its time, number, epoch, partition and offset, as texts. */
export type TickPlace = readonly [
  dateTime: string,
  number: string,
  epoch: string,
  partition: string,
  offset: string,
]

/** An m1 candle, with the places of its first and last tick: what it takes to put parts of it together. */
export interface FoldedMinute extends ComputedCandle {
  readonly ends: readonly [first: TickPlace, last: TickPlace]
}

/** The m1 candles of some stretches that are not stored as their ticks say. */
export interface DifferingMinutes {
  readonly computed: readonly ComputedCandle[]
  /** Stored candles that have no tick. */
  readonly surplus: readonly CandleKey[]
}

interface MinuteRow extends CandleValues {
  readonly source: string
  readonly symbol: string
  readonly start_seconds: number
  readonly ends: FoldedMinute['ends']
}

/** Of so many differing minutes at once, some 100 bytes each on their way, a process of 1 GB is sure. */
const MAX_DIFFERING = 120_000

/** Folds ticks to m1 candles, by one Trino statement. Throws what `Query` throws. */
export async function foldMinutes(
  { query, settings }: Pick<Services, 'query' | 'settings'>,
  folded: FoldedTicks,
  options?: QueryOptions,
): Promise<FoldedMinute[]> {
  if (folded.stretches.length === 0) return []
  const rows = await query.rows<MinuteRow>(minutesSql(settings, folded), options)
  return rows.map(row => ({ ...keyOf(row), ...valuesOf(row), ends: row.ends }))
}

/**
 * Folds ticks to m1 candles and compares them with the stored ones, by one Trino statement: only what differs comes back.
 * Throws what `Query` throws, and `TooManyMinutes`.
 */
export async function differingMinutes(
  { query, settings }: Pick<Services, 'query' | 'settings'>,
  { candles, share, ...folded }: FoldedTicks & { readonly candles: Table; readonly share: SymbolShare },
  options?: QueryOptions,
): Promise<DifferingMinutes> {
  const sql = renderSql('differing_minutes', {
    minutes: minutesSql(settings, folded),
    catalog: settings.trinoCatalog,
    candles_snapshot: String(currentSnapshot(candles)!.snapshotId),
    stretches: inRanges('date_time', folded.stretches),
    share: shareSql(share),
    limit: integerLiteral(MAX_DIFFERING),
  })
  const rows = await query.rows<MinuteRow | (MinuteRow & { readonly volume: null })>(sql, options)
  if (rows.length >= MAX_DIFFERING) throw new TooManyMinutes()
  const [surplus, computed] = [rows.filter(isSurplus), rows.filter(row => !isSurplus(row))]
  return {
    computed: computed.map(row => ({ ...keyOf(row), ...valuesOf(row) })),
    surplus: surplus.map(keyOf),
  }
}

function minutesSql(
  settings: Services['settings'],
  { ticks, stretches, later = [], paths }: FoldedTicks,
): string {
  return renderSql('minutes', {
    catalog: settings.trinoCatalog,
    price: settings.price,
    ticks_snapshot: String(currentSnapshot(ticks)!.snapshotId),
    stretches: inRanges('date_time', stretches),
    later: isLater(later),
    files: paths === undefined ? 'true' : `"$path" IN (${paths.map(textLiteral).join(', ')})`,
  })
}

/** The SQL condition for ticks with these offsets. */
function isLater(stretches: readonly OffsetStretch[]): string {
  const logs = stretches.map(({ epoch, partition, from, to }) => {
    const [e, p, first, end] = [epoch, partition, from, to].map(integerLiteral)
    return `(kafka_epoch = ${e} AND kafka_partition = ${p} AND kafka_offset >= ${first} AND kafka_offset < ${end})`
  })
  return logs.join(' OR ') || 'false'
}

function isSurplus({ volume }: { readonly volume: number | null }): boolean {
  return volume === null
}

function keyOf({ source, symbol, start_seconds }: MinuteRow): CandleKey {
  return { source, symbol, timeframe: 'm1', dateTimeUs: start_seconds * SECOND_US }
}

function valuesOf({ open, high, low, close, volume }: MinuteRow): CandleValues {
  return { open, high, low, close, volume }
}

/** More minutes differ than are taken in at once. */
export class TooManyMinutes extends TickhouseError {
  constructor() {
    super(
      'TOO_MANY_MINUTES',
      `more than ${MAX_DIFFERING} minutes differ: they are taken in by smaller parts`,
      {
        retryable: true,
      },
    )
  }
}
