import type { Message } from 'kafkajs'
import type { Query } from '../../lib/ports.ts'
import type { OracleCandle } from '../support/foldTicks.ts'

export const TICKS_TOPIC = 'market_data.stock_ticks'

/** The two ticks that the project was begun with. */
export const SAMPLE_TICKS = [
  '{"source":"SOURCE_1","symbol":"BNBUSD","ask":627.05,"bid":627.04,"mid":627.045,"askMarkup":0,"bidMarkup":0,"isTradable":true,"number":11530579268,"dateTime":"2025-03-20T14:31:28.000","receiveDateTime":"2025-03-20T14:31:28.386"}',
  '{"source":"SOURCE_1","symbol":"SOLUSD","ask":131.57,"bid":131.56,"mid":131.565,"askMarkup":0,"bidMarkup":0,"isTradable":true,"number":11530579246,"dateTime":"2025-03-20T14:31:28.000","receiveDateTime":"2025-03-20T14:31:28.279"}',
]

const SAMPLE_ROW = {
  source: 'SOURCE_1',
  ask_markup: 0,
  bid_markup: 0,
  is_tradable: true,
  date_time: '2025-03-20T14:31:28.000000Z',
  extra: null,
}

/** The rows that they become, by symbol, as the readers print them; without their places on Kafka. */
export const SAMPLE_ROWS = {
  BNBUSD: {
    ...SAMPLE_ROW,
    symbol: 'BNBUSD',
    ask: 627.05,
    bid: 627.04,
    mid: 627.045,
    number: '11530579268',
    receive_date_time: '2025-03-20T14:31:28.386000Z',
  },
  SOLUSD: {
    ...SAMPLE_ROW,
    symbol: 'SOLUSD',
    ask: 131.57,
    bid: 131.56,
    mid: 131.565,
    number: '11530579246',
    receive_date_time: '2025-03-20T14:31:28.279000Z',
  },
}

export interface TickFields {
  source: string
  symbol: string
  mid: number
  number: number
  dateTime: string
}

/** A tick as a foreign producer would send it, keyed by symbol. */
export function tickMessage(tick: TickFields): Message {
  const { mid } = tick
  return {
    key: tick.symbol,
    value: JSON.stringify({ ...tick, ask: mid + 0.5, bid: mid - 0.5, isTradable: true }),
  }
}

export type StoredCandle = OracleCandle & { closed: boolean; revision: number }

/** The candles of a source as Trino reads them. `source` is a test's own, plain name. */
export async function storedCandles({ query }: { query: Query }, source: string): Promise<StoredCandle[]> {
  return query.rows<StoredCandle>(`
    SELECT source, symbol, timeframe, format_datetime(date_time, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z''') AS start,
      open, high, low, close, volume, closed, revision
    FROM lake.market_data.candles
    WHERE source = '${source}'
    ORDER BY symbol, timeframe, date_time`)
}
