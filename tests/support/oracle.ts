import { foldTicks, type OracleCandle, type OracleTick, oracleKey } from './foldTicks.ts'

/** What lies on the ticks topic, as the oracle reads it: it knows the sample's fields and no more. */
export function oracleTick(text: string, partition: number, offset: number): OracleTick {
  const { source, symbol, mid, dateTime } = JSON.parse(text)
  const number = BigInt(/"number"\s*:\s*(-?\d+)/.exec(text)![1]!)
  const [, seconds, fraction = ''] = /^([^.Z]+)(?:\.(\d+))?Z?$/.exec(dateTime)!
  const dateTimeUs = BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'))
  return { source, symbol, mid, number, dateTimeUs, epoch: 0, partition, offset }
}

/** What must be there, sorted, so that two lists can be compared whole. */
export function expectedCandles(ticks: readonly OracleTick[]): OracleCandle[] {
  return sorted([...foldTicks(ticks).values()])
}

/** The given candles in one order, with only the fields that ticks decide. */
export function sorted(candles: readonly OracleCandle[]): OracleCandle[] {
  return candles
    .map(({ source, symbol, timeframe, start, open, high, low, close, volume }) => {
      return { source, symbol, timeframe, start, open, high, low, close, volume }
    })
    .toSorted((a, b) => (oracleKey(a) < oracleKey(b) ? -1 : 1))
}
