import type { OracleCandle, OracleTick } from '../support/foldTicks.ts'
import type { Trino } from './engines/trino.ts'

/** A candle, or what stands for one that was removed (timeframe `removed_…`), as it lies in the table. */
export type StoredCandle = Omit<OracleCandle, 'timeframe'> & {
  readonly timeframe: string
  readonly closed: boolean
  readonly revision: number
}

type TickRow = Omit<OracleTick, 'number' | 'dateTimeUs'> & { number: string; dateTime: string }

/** All rows of `market_data.stock_ticks`, as the oracle folds them. */
export async function readTicks(trino: Trino): Promise<OracleTick[]> {
  const rows = await trino.sql<TickRow>(`
    SELECT source, symbol, mid, CAST(number AS varchar) AS number, kafka_epoch AS epoch,
      kafka_partition AS partition, kafka_offset AS offset,
      CAST(date_time AT TIME ZONE 'UTC' AS varchar) AS "dateTime"
    FROM lake.market_data.stock_ticks`)
  return rows.map(({ number, dateTime, ...row }) => ({
    ...row,
    number: BigInt(number),
    dateTimeUs: microsOf(dateTime),
  }))
}

/** `2026-01-02 03:04:05.000006 UTC` as microseconds since 1970. */
function microsOf(text: string): bigint {
  const [, day, seconds, fraction = ''] = /^(\S+) ([\d:]+)(?:\.(\d+))? UTC$/.exec(text)!
  return BigInt(Date.parse(`${day}T${seconds}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'))
}

/** All rows of `market_data.candles`, those of removed candles too. */
export async function readCandles(trino: Trino): Promise<StoredCandle[]> {
  const rows = await trino.sql<Omit<StoredCandle, 'start'> & { seconds: number }>(`
    SELECT source, symbol, timeframe, CAST(to_unixtime(date_time) AS bigint) AS seconds,
      open, high, low, close, volume, closed, revision
    FROM lake.market_data.candles`)
  return rows.map(({ seconds, ...row }) => ({ ...row, start: new Date(seconds * 1000).toISOString() }))
}
