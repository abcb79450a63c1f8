import { currentSnapshot } from '../iceberg/metadata.ts'
import type { Table } from '../iceberg/table.ts'
import type { ComputedCandle } from '../market/candle.ts'
import { growToBuckets, subtractRanges, type TimeRange } from '../market/range.ts'
import { SECOND_US } from '../market/time.ts'
import { TIMEFRAMES, timeframeOf, type Unit } from '../market/timeframe.ts'
import type { Services } from '../services.ts'
import type { OffsetVector } from '../tables/offsetVector.ts'
import { inRanges, integerLiteral } from '../trino/literals.ts'
import { renderSql } from '../trino/sql.ts'

/** What candles are computed of: two tables as they were at one moment, and ticks only below the vector. */
export interface Inputs {
  readonly ticks: Table
  readonly candles: Table
  readonly vector: OffsetVector
  /** The touched minutes, as stretches of whole minutes; more than needed costs time, and changes nothing. */
  readonly minutes: readonly TimeRange[]
}

interface CandleRow {
  readonly source: string
  readonly symbol: string
  readonly timeframe: string
  readonly start_seconds: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

/** The candles of all timeframes that ticks of the touched minutes fall into, computed by one Trino statement. */
export async function computeCandles(
  { query, settings }: Pick<Services, 'query' | 'settings'>,
  { ticks, candles, vector, minutes }: Inputs,
): Promise<ComputedCandle[]> {
  if (minutes.length === 0) return []
  const rows = await query.rows<CandleRow>(
    renderSql('candles', {
      catalog: settings.trinoCatalog,
      price: settings.price,
      ticks_snapshot: String(currentSnapshot(ticks)!.snapshotId),
      candles_snapshot: String(currentSnapshot(candles)!.snapshotId),
      touched_minutes: inRanges('date_time', minutes),
      below_vector: belowVector(vector),
      timeframes: TIMEFRAME_ROWS,
      ...restOf(minutes),
    }),
  )
  return rows.map(({ start_seconds, ...row }) => ({ ...row, dateTimeUs: start_seconds * SECOND_US }))
}

/** True for the ticks that the vector covers. */
function belowVector({ positions }: OffsetVector): string {
  const logs = positions.map(({ epoch, partition, next }) => {
    const [e, p, end] = [epoch, partition, next].map(integerLiteral)
    return `(kafka_epoch = ${e} AND kafka_partition = ${p} AND kafka_offset < ${end})`
  })
  return logs.join(' OR ') || 'false'
}

/** Where stored candles stand in for ticks: each stretch grows to the next coarser bucket, less what is finer. */
function restOf(minutes: readonly TimeRange[]) {
  const hours = growToBuckets(timeframeOf('h1'), minutes)
  const days = growToBuckets(timeframeOf('D1'), hours)
  const weeksAndMonths = [
    ...growToBuckets(timeframeOf('W1'), days),
    ...growToBuckets(timeframeOf('M1'), days),
  ]
  return {
    minutes_of_touched_hours: inRanges('date_time', subtractRanges(hours, minutes)),
    hours_of_touched_days: inRanges('date_time', subtractRanges(days, hours)),
    days_of_touched_weeks_and_months: inRanges('date_time', subtractRanges(weeksAndMonths, days)),
  }
}

/** The coarsest stored candle that fits into a bucket of the unit: 0 for m1, 1 for h1, 2 for D1. */
const GRAINS: Readonly<Record<Unit, number>> = { minute: 0, hour: 1, day: 2, week: 2, month: 2 }

const TIMEFRAME_ROWS = TIMEFRAMES.map(
  timeframe =>
    `('${timeframe.name}', ${GRAINS[timeframe.unit]}, '${timeframe.unit}', ${'step' in timeframe ? timeframe.step : 1})`,
).join(', ')
