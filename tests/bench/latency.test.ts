import { describe, expect, test } from 'vitest'
import type { Arrival } from '../../bench/latency/arrivals.ts'
import { SYMBOLS } from '../../bench/latency/feed.ts'
import { minuteDelayMs } from '../../bench/latency/minuteDelay.ts'
import { stagesOf } from '../../bench/latency/stages.ts'
import { formatDateTime } from '../../lib/market/time.ts'
import { bucketStart, TIMEFRAMES } from '../../lib/market/timeframe.ts'
import { FAKE_SOURCE } from '../../lib/produce/fakeTicks.ts'

const MINUTE_MS = Date.parse('2026-11-25T18:04:00Z')
const END_MS = MINUTE_MS + 60_000

/** What one commit sends of a minute that has so many ticks a symbol. */
function commit(stampMs: number, atMs: number, volume: number, closed: boolean): Arrival[] {
  return Array.from({ length: SYMBOLS }, (_, n) => `S${n}`).flatMap(symbol =>
    TIMEFRAMES.map(timeframe => ({
      timeframe: timeframe.name,
      source: FAKE_SOURCE,
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

test('a candle that changed again before it was sent holds what the minute gave it', () => {
  const whole = commit(END_MS + 600, END_MS + 1_500, 60, true).filter(({ timeframe }) => timeframe !== 'D1')
  const later = commit(END_MS + 900, END_MS + 1_900, 60, true).filter(({ timeframe }) => timeframe === 'D1')
  expect(minuteDelayMs([...whole, ...later], MINUTE_MS)).toBe(1_900)
})

test('candles of another source are passed over', () => {
  const others = commit(END_MS + 600, END_MS + 1_500, 61, true).map(it => ({ ...it, source: 'OTHER' }))
  expect(minuteDelayMs(others, MINUTE_MS)).toBeUndefined()
  expect(minuteDelayMs([...others, ...commit(END_MS + 600, END_MS + 1_500, 60, true)], MINUTE_MS)).toBe(1_500)
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

describe('the stages of a minute', () => {
  /** What a function says when it has worked from one moment to another, both after the minute's end. */
  function line(name: string, fromMs: number, toMs: number, fields: object, stagesMs = {}) {
    const time = new Date(END_MS + toMs).toISOString()
    return { time, function: name, message: 'done', durationMs: toMs - fromMs, ...fields, stagesMs }
  }
  const stagesMs = {
    grace: 420,
    ingest: 130,
    metadata: 50,
    select: 690,
    read: 10,
    write: 100,
    commit: 60,
    tidy: 20,
  }
  const rollup = line('rollup', 80, 1_560, { changed: 220 }, stagesMs)
  const publish = line('publish', 1_570, 1_720, { sent: 220 }, { send: 140 })

  test('are what rollup and publish say of it, and what is left of the delay until all could be read', () => {
    const others = [
      line('rollup', -59_920, -58_000, { changed: 7 }, { select: 9_000 }),
      line('rollup', 30, 60, { changed: 0 }),
      line('publish', -3_000, -2_900, { sent: 7 }),
    ]
    expect(stagesOf([...others, rollup, publish], END_MS, 1_750)).toEqual({
      ...{
        schedule: 80,
        grace: 420,
        ingest: 130,
        metadata: 50,
        select: 690,
        read: 10,
        write: 100,
        commit: 60,
      },
      ...{ publish: 1_750 - 1_540, 'publish.send': 140 },
    })
  })

  test('are unknown until both have said so', () => {
    expect(stagesOf([rollup], END_MS, 1_750)).toBeUndefined()
    expect(stagesOf([publish], END_MS, 1_750)).toBeUndefined()
  })
})
