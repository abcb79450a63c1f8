import type { Candle } from '../../lib/market/candle.ts'
import type { Query } from '../../lib/ports.ts'
import { integerLiteral, textLiteral, timestampLiteral } from '../../lib/trino/literals.ts'

/** Puts candles into the table by themselves, without ticks: as another engine would. */
export async function insertCandles(query: Query, candles: readonly Candle[]): Promise<void> {
  await query.rows(`INSERT INTO lake.market_data.candles VALUES ${candles.map(rowOf).join(', ')}`)
}

function rowOf({ source, symbol, timeframe, dateTimeUs, closed, updatedAtUs, ...values }: Candle): string {
  const prices = [values.open, values.high, values.low, values.close].map(price => `DOUBLE '${price}'`)
  const counts = [values.volume, values.revision].map(integerLiteral)
  const names = [source, symbol, timeframe].map(textLiteral)
  const columns = [
    ...names,
    timestampLiteral(dateTimeUs),
    ...prices,
    counts[0],
    String(closed),
    counts[1],
    timestampLiteral(updatedAtUs),
  ]
  return `(${columns.join(', ')})`
}
