import { currentSnapshot } from '../iceberg/metadata.ts'
import { candlesState } from '../tables/candlesState.ts'
import { FOREIGN_KINDS, type KindCounts } from '../tables/foreignChanges.ts'
import { covers, distance } from '../tables/offsetVector.ts'
import { ticksState } from '../tables/ticksTable.ts'
import type { Observed, ObservedTable } from './observe.ts'
import { countUnread, unread } from './unread.ts'
import { unsentSince, waitingSince } from './waitingSince.ts'

/** One value of a metric. */
export interface Sample {
  readonly name: MetricName
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

type MetricName = keyof typeof METRICS

/** All that can be scraped, and what it tells; a counter's name ends in `_total`. https://prometheus.io/docs/practices/naming/ */
export const METRICS = {
  tickhouse_ticks_total: 'Ticks taken into the table since it began.',
  tickhouse_late_ticks_total: 'Ticks that came after the candle of their minute was due.',
  tickhouse_lost_records_total: 'Records that Kafka removed before they were read.',
  tickhouse_dead_letters_total: 'Records that were no ticks, by reason.',
  tickhouse_stage_lag_records:
    'Offsets that a stage has yet to take; of rollup, those that its live candles do not have.',
  tickhouse_stage_lag_seconds: 'How long the oldest of what a stage has yet to take may have waited.',
  tickhouse_newest_tick_timestamp_seconds: 'When Kafka got the newest record that was taken in.',
  tickhouse_newest_closed_candle_end_timestamp_seconds: 'Candles that ended by then are closed.',
  tickhouse_rollup_timestamp_seconds: 'When candles changed last.',
  tickhouse_rollup_duration_seconds:
    'How long the newest round of the rollup took, from reading the tables to its commit.',
  tickhouse_rollup_delay_seconds:
    'From the end of the newest closed minute to the commit that closed its candles.',
  tickhouse_stale_hours: 'Hours whose candles may lack late ticks; live candles do not wait for them.',
  tickhouse_owed_hours: 'Of the stale hours, those that candles which are due wait for to close.',
  tickhouse_stale_seconds: 'For how long there have been stale hours without a break.',
  tickhouse_candles_held_hours:
    'Hours whose candles are kept although their ticks, then the oldest, were deleted.',
  tickhouse_foreign_changes_total:
    'What other engines did to rows of a table, as far as rollup has seen it, by kind.',
  tickhouse_table_commit_timestamp_seconds: 'When the table was changed last.',
  tickhouse_table_snapshots: 'Snapshots that the metadata lists.',
  tickhouse_table_metadata_files: 'Metadata files that the table lists.',
  tickhouse_table_manifests: 'Manifests of the current snapshot.',
  tickhouse_table_files: 'Data files of the current snapshot.',
  tickhouse_table_rows: 'Rows of the current snapshot.',
  tickhouse_table_bytes: 'Bytes of the current data files.',
  tickhouse_dependency_up: '1 when the server answered, 0 when it did not.',
} as const

/** What an observation amounts to; of what did not answer there is no sample but that it did not. */
export function samplesOf(observed: Observed): Sample[] {
  const { ticks, candles, nowMs } = observed
  return [
    ...(ticks instanceof Error ? [] : [...tickTotals(ticks), ...tableSamples('stock_ticks', ticks)]),
    ...(candles instanceof Error
      ? []
      : [...candleSamples(candles), ...backlogSamples(candles, nowMs), ...tableSamples('candles', candles)]),
    ...ingestLag(observed),
    ...rollupLag(observed),
    ...publishLag(observed),
    ...dependencies(observed),
  ]
}

function tickTotals({ table }: ObservedTable): Sample[] {
  const { totals, vector } = ticksState(table)
  const newestMs = Math.max(0, ...vector.positions.map(({ timestampMs }) => timestampMs))
  return [
    { name: 'tickhouse_ticks_total', value: totals.ticks },
    { name: 'tickhouse_late_ticks_total', value: totals.late },
    { name: 'tickhouse_lost_records_total', value: totals.lost },
    ...Object.entries(totals.deadLetters).map(([reason, value]): Sample => {
      return { name: 'tickhouse_dead_letters_total', labels: { reason }, value }
    }),
    ...some('tickhouse_newest_tick_timestamp_seconds', newestMs / 1_000),
  ]
}

function candleSamples({ table }: ObservedTable): Sample[] {
  const { closedUntilUs, stampUs, roundMs, delayMs, foreign, held } = candlesState(table)
  return [
    { name: 'tickhouse_candles_held_hours', value: held.size },
    ...Object.entries(foreign).flatMap(([table, counts]) => foreignSamples(table, counts)),
    ...some('tickhouse_newest_closed_candle_end_timestamp_seconds', closedUntilUs / 1_000_000),
    ...some('tickhouse_rollup_timestamp_seconds', stampUs / 1_000_000),
    ...known('tickhouse_rollup_duration_seconds', roundMs),
    ...known('tickhouse_rollup_delay_seconds', delayMs),
  ]
}

/** A sample of every kind, also of 0: Prometheus sees an increase only in a series that exists. */
function foreignSamples(table: string, counts: KindCounts): Sample[] {
  return FOREIGN_KINDS.map(kind => {
    return { name: 'tickhouse_foreign_changes_total', labels: { table, kind }, value: counts[kind] ?? 0 }
  })
}

function backlogSamples({ table }: ObservedTable, nowMs: number): Sample[] {
  const { stale, owed, staleSinceUs } = candlesState(table).hours
  const seconds = staleSinceUs === 0 ? 0 : Math.max(0, nowMs - staleSinceUs / 1_000) / 1_000
  return [
    { name: 'tickhouse_stale_hours', value: stale.size },
    { name: 'tickhouse_owed_hours', value: owed.size },
    { name: 'tickhouse_stale_seconds', value: seconds },
  ]
}

/** What no commit has said yet is no sample. */
function known(name: MetricName, ms: number | undefined): Sample[] {
  return ms === undefined ? [] : [{ name, value: ms / 1_000 }]
}

/** A moment that has not been yet is 0 in a table's state, and no sample. */
function some(name: MetricName, seconds: number): Sample[] {
  return seconds > 0 ? [{ name, value: seconds }] : []
}

function tableSamples(name: string, { table, manifests }: ObservedTable): Sample[] {
  const { metadata } = table
  const summary = currentSnapshot(table)?.summary ?? {}
  const values: Partial<Record<MetricName, number | undefined>> = {
    tickhouse_table_commit_timestamp_seconds: metadata.lastUpdatedMs / 1_000,
    tickhouse_table_snapshots: metadata.snapshots.length,
    tickhouse_table_metadata_files: metadata.metadataLog.length + 1,
    tickhouse_table_manifests: manifests,
    tickhouse_table_files: countOf(summary['total-data-files']),
    tickhouse_table_rows: countOf(summary['total-records']),
    tickhouse_table_bytes: countOf(summary['total-files-size']),
  }
  return Object.entries(values).flatMap(([metric, value]): Sample[] =>
    value === undefined ? [] : [{ name: metric as MetricName, labels: { table: name }, value }],
  )
}

const countOf = (text: string | undefined) => (text === undefined ? undefined : Number(text))

/** Where the waiting records could not be read, all offsets above the vector count. */
function ingestLag({ ticks, kafka, waiting, nowMs }: Observed): Sample[] {
  if (ticks instanceof Error || kafka instanceof Error) return []
  const { vector } = ticksState(ticks.table)
  const records = countUnread(waiting ?? unread(kafka.ranges, vector))
  const oldestMs = waiting?.reduce((oldest, { timestampMs }) => Math.min(oldest, timestampMs), nowMs)
  return [lagRecords('ingest', records), lagSeconds('ingest', nowMs, oldestMs)]
}

function rollupLag({ ticks, candles, nowMs }: Observed): Sample[] {
  if (ticks instanceof Error || candles instanceof Error) return []
  const { vector } = candlesState(candles.table)
  const records = distance(vector, ticksState(ticks.table).vector)
  const sinceMs = waitingSince(ticks.table, at => covers(vector, ticksState(at).vector))
  return [lagRecords('rollup', records), lagSeconds('rollup', nowMs, sinceMs)]
}

/** Candles that wait are not counted: that would mean reading them. */
function publishLag({ candles, kafka, nowMs }: Observed): Sample[] {
  if (candles instanceof Error || kafka instanceof Error) return []
  return [lagSeconds('publish', nowMs, unsentSince(candles.table, kafka.mark))]
}

function lagRecords(stage: string, value: number): Sample {
  return { name: 'tickhouse_stage_lag_records', labels: { stage }, value }
}

function lagSeconds(stage: string, nowMs: number, sinceMs = nowMs): Sample {
  const value = Math.max(0, nowMs - sinceMs) / 1_000
  return { name: 'tickhouse_stage_lag_seconds', labels: { stage }, value }
}

function dependencies({ ticks, candles, kafka }: Observed): Sample[] {
  const isUp = (...seen: unknown[]) => (seen.some(one => one instanceof Error) ? 0 : 1)
  const up = { kafka: isUp(kafka), iceberg: isUp(ticks, candles) }
  return Object.entries(up).map(([dependency, value]): Sample => {
    return { name: 'tickhouse_dependency_up', labels: { dependency }, value }
  })
}
