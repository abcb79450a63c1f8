import type { TimeframeName } from '../../lib/market/timeframe.ts'

/** How far back a chart of the timeframe looks: some hundred candles, fewer of the long ones. */
export const SUITABLE_RANGE: Readonly<Record<TimeframeName, string>> = {
  m1: '3h',
  m5: '12h',
  m10: '1d',
  m15: '36h',
  m30: '3d',
  h1: '7d',
  h3: '21d',
  h4: '28d',
  D1: '180d',
  W1: '2y',
  M1: '5y',
}
