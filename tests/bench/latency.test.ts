import { expect, test } from 'vitest'
import type { Arrival } from '../../bench/latency/arrivals.ts'
import { SYMBOLS } from '../../bench/latency/feed.ts'
import { minuteDelayMs } from '../../bench/latency/minuteDelay.ts'
import { formatDateTime } from '../../lib/market/time.ts'
import { bucketStart, TIMEFRAMES } from '../../lib/market/timeframe.ts'

const MINUTE_MS = Date.parse('2026-11-25T18:04:00Z')
const END_MS = MINUTE_MS + 60_000

/** What one commit sends of a minute that has so many ticks a symbol. */
function commit(stampMs: number, atMs: number, volume: number, closed: boolean): Arrival[] {
  return Array.from({ length: SYMBOLS }, (_, n) => `S${n}`).flatMap(symbol =>
    TIMEFRAMES.map(timeframe => ({
      timeframe: timeframe.name,
      symbol,
      dateTime: formatDateTime(bucketStart(timeframe, MINUTE_MS * 1000)),
      volume: timeframe.name === 'm1' ? volume : 1_000 + volume,
      closed: timeframe.name === 'm1' && closed,
      updatedAt: formatDateTime(stampMs * 1000),
      atMs,
    })),
  )
}

test('the delay of a minute is that of the last of its candles', () => {
  const early = commit(END_MS - 100, END_MS, 59, false)
  const whole = commit(END_MS + 600, END_MS + 1_500, 60, true)
  const [first, ...others] = whole
  const arrivals = [...early, ...others, { ...first!, atMs: END_MS + 1_700 }]
  expect(minuteDelayMs(arrivals, MINUTE_MS)).toBe(1_700)
})

test('a minute that lacks a tick, its end, or one topic is not complete', () => {
  const lacksTick = commit(END_MS, END_MS + 900, 59, true)
  const isOpen = commit(END_MS, END_MS + 900, 60, false)
  const lacksTopic = commit(END_MS, END_MS + 900, 60, true).filter(({ timeframe }) => timeframe !== 'W1')
  for (const arrivals of [[], lacksTick, isOpen, lacksTopic])
    expect(minuteDelayMs(arrivals, MINUTE_MS)).toBeUndefined()
})

test('a candle of 61 ticks is a failure', () => {
  expect(() => minuteDelayMs(commit(END_MS, END_MS, 61, true), MINUTE_MS)).toThrow('61 ticks')
})
