import { beforeEach, describe, expect, test } from 'vitest'
import { tickRate } from '../../lib/market/walk.ts'
import { produceTicks } from '../../lib/produce/produceTicks.ts'
import { unevenTimes } from '../../lib/produce/tickTimes.ts'
import { produceRequest } from '../../lib/requests/produceRequest.ts'
import { newWorld, type World } from '../support/world.ts'

const FROM = '2026-01-31T12:00:00.000'
const TO = '2026-01-31T18:00:00.000'
const FROM_US = Date.parse(`${FROM}Z`) * 1000
const HOUR_US = 3_600_000_000

let world: World
beforeEach(async () => {
  world = await newWorld()
})

interface Sent {
  readonly symbol: string
  readonly dateTime: string
}

/** The records that `produce` sends for an event. The clock is past all paced ticks, so that nothing waits. */
async function produced(event: object): Promise<Sent[]> {
  const times = [FROM_US / 1000, FROM_US / 1000 + HOUR_US]
  const nowMs = () => times.shift() ?? FROM_US / 1000 + HOUR_US
  const { sent } = await produceTicks({ ...world.services, nowMs }, produceRequest(event), () => 60_000)
  const { log, services } = world
  const ticks: Sent[] = []
  for (const [partition, { low, high }] of await log.offsets(services.settings.ticksTopic)) {
    for await (const some of log.records(services.settings.ticksTopic, partition, low, high)) {
      for (const { value } of some) ticks.push(JSON.parse(Buffer.from(value!).toString()) as Sent)
    }
  }
  expect(ticks).toHaveLength(sent)
  return ticks
}

describe('history', () => {
  const stretch = { from: FROM, to: TO, everySeconds: 60, symbols: 3 }

  test('that is even has a tick of each symbol at each step', async () => {
    const ticks = await produced({ ...stretch, even: true })
    expect(ticks).toHaveLength(3 * 360)
    expect(new Set(ticks.map(({ dateTime }) => dateTime)).size).toBe(360)
  })

  test('has about as many ticks, more of them in lively hours, none outside of it, the same every time', async () => {
    const ticks = await produced(stretch)
    const times = ticks.map(({ dateTime }) => dateTime).sort()
    expect(times[0]! >= FROM && times.at(-1)! < TO).toBe(true)
    expect(ticks.length).toBeGreaterThan(3 * 360 * 0.5)
    expect(ticks.length).toBeLessThan(3 * 360 * 4)
    world = await newWorld()
    expect(await produced(stretch)).toEqual(ticks)
    const aMinute = Map.groupBy(times, time => time.slice(0, 16))
    expect(new Set([...aMinute.values()].map(some => some.length)).size).toBeGreaterThan(3)
  })
})

test('a pace has a tick of each symbol in each second at least', async () => {
  const ticks = await produced({ symbols: 4, seconds: 30 })
  const seconds = Map.groupBy(ticks, ({ symbol, dateTime }) => `${symbol} ${dateTime.slice(0, 19)}`)
  expect(seconds.size).toBe(4 * 30)
  expect(ticks.length).toBeGreaterThan(4 * 30)
})

test('an even pace has exactly one', async () => {
  expect(await produced({ symbols: 4, seconds: 30, even: true })).toHaveLength(4 * 30)
})

describe('uneven times', () => {
  const steps = Array.from({ length: 2_000 }, (_, i) => FROM_US + i * 60_000_000)

  test('lie within their step, in order, at whole milliseconds, and are the same every time', () => {
    for (const fromUs of steps) {
      const times = unevenTimes({ seed: 7 }, fromUs, 60_000_000)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect(times.every(us => us >= fromUs && us < fromUs + 60_000_000 && us % 1000 === 0)).toBe(true)
      expect(unevenTimes({ seed: 7 }, fromUs, 60_000_000)).toEqual(times)
    }
  })

  test('are as many as trade is lively', () => {
    const count = steps.reduce((sum, us) => sum + unevenTimes({ seed: 7 }, us, 60_000_000).length, 0)
    const expected = steps.reduce((sum, us) => sum + tickRate(7, us / 1000), 0)
    expect(count / expected).toBeCloseTo(1, 1)
  })
})
