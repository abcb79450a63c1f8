import { afterAll, beforeAll, expect, test } from 'vitest'
import { FAKE_SOURCE } from '../../lib/produce/fakeTicks.ts'
import { Offline } from './offline.ts'
import { type CandleMessage, plainKafka, until } from './sandbox.ts'

let offline: Offline

beforeAll(async () => {
  offline = await Offline.start('delay', { FAKE_TICKS: 'true' })
})
afterAll(() => offline.stop())

interface Arrival extends CandleMessage {
  arrivedMs: number
}

/** Collects what comes on candle_m1 from now on, with the time at which it came. */
async function listen() {
  const consumer = plainKafka().consumer({ groupId: `delay-${Date.now()}`, readUncommitted: false })
  const arrivals: Arrival[] = []
  await consumer.connect()
  await consumer.subscribe({ topic: 'candle_m1' })
  await consumer.run({
    eachMessage: async ({ message }) => {
      arrivals.push({ ...JSON.parse(String(message.value)), arrivedMs: Date.now() })
    },
  })
  return { arrivals, stop: () => consumer.disconnect() }
}

test('within a minute after its end, a minute of paced ticks is 10 closed candles on Kafka', async () => {
  const { arrivals, stop } = await listen()
  const candles = await until(
    'a minute of closed candles',
    () => {
      const closed = arrivals.filter(({ source, closed }) => source === FAKE_SOURCE && closed)
      return closed.length >= 10 ? closed : undefined
    },
    // Up to a minute until the next one begins, that minute, and what is allowed after it.
    200_000,
  )
  await stop()
  const minuteEndMs = Date.parse(`${candles[0]!.dateTime.slice(0, 19)}Z`) + 60_000
  const delayMs = Math.max(...candles.map(({ arrivedMs }) => arrivedMs)) - minuteEndMs
  console.log(`minute's end to its last closed m1 candle on Kafka: ${delayMs} ms`)
  expect(new Set(candles.map(({ dateTime }) => dateTime)).size).toBe(1)
  expect(delayMs).toBeLessThan(60_000)
})
