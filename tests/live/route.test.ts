import { beforeEach, expect, test } from 'vitest'
import { candleRoutes } from '../../lib/lambda/candleRoutes.ts'
import { TableArchive } from '../../lib/query/tableArchive.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { addTicks, withTrino } from '../support/rollupCalls.ts'
import { newWorld, produce, tickJson, type World } from '../support/world.ts'
import { follow } from './viewer.ts'

let world: World
interface Answer {
  readonly tag: string | undefined
  readonly candles: Record<string, unknown>[]
  readonly status: unknown
}
/** Asks, and gives what makes the answer. */
let begin: (symbol?: string) => Promise<() => Promise<Answer>>
const get = async (symbol?: string) => (await begin(symbol))()

beforeEach(async () => {
  world = await newWorld()
  await addTicks(world, ['2026-03-01T12:00:01'])
  await rollupCandles(withTrino(world), UNBOUNDED)
  const routes = candleRoutes(new TableArchive(world.services), {
    nowMs: world.services.nowMs,
    live: follow(world),
  })
  begin = async (symbol = 'x') => {
    const query = new URLSearchParams({ source: 's', symbol, timeframe: 'm1' })
    const { tag, body } = await routes['GET /candles']!({ query, path: {}, headers: {} })
    return async () => ({ tag, ...JSON.parse(typeof body === 'string' ? body : await body()) })
  }
})

test('a candle with ticks of the log is marked as live, with the moment of the look', async () => {
  const stored = await get()
  expect(stored.candles).toMatchObject([{ volume: 1, close: 1.5 }])
  expect(stored.candles[0]).not.toHaveProperty('live')
  produce(world, 0, tickJson(9, '2026-03-01T12:00:05'))
  world.clock.nowMs += 1_000
  const { candles, status } = await get()
  expect(status).toMatchObject({ waitingSince: null, uncommittedSince: '2026-03-01T12:00:10.000000Z' })
  expect(candles).toMatchObject([
    { volume: 2, live: true, asOf: '2026-03-01T12:00:11.000000Z', revision: 1, closed: false },
  ])
  expect(candles[0]!.updatedAt).not.toBe(candles[0]!.asOf)
})

test('the tag changes with a tick and with a commit, and not as time passes', async () => {
  const tags = [(await get()).tag]
  for (const values of [[], [tickJson(9)], []]) {
    produce(world, 0, ...values)
    world.clock.nowMs += 1_000
    tags.push((await get()).tag)
  }
  await addTicks(world, ['2026-03-01T12:00:03'], { partition: 1 })
  world.clock.nowMs += 1_000
  tags.push((await get()).tag)
  expect(tags.map(tag => tags.indexOf(tag))).toEqual([0, 0, 2, 2, 4])
})

test('a symbol that only the log has is shown before its first commit; one that nobody has is not', async () => {
  await expect(get('new')).rejects.toMatchObject({ code: 'UNKNOWN_SYMBOL' })
  produce(world, 0, tickJson(9, '2026-03-01T12:00:05').replace('"x"', '"new"'))
  world.clock.nowMs += 1_000
  const { candles, status } = await get('new')
  expect(candles).toMatchObject([{ volume: 1, live: true, revision: 0, closed: false }])
  expect(status).toMatchObject({ newestMinute: '2026-03-01T12:00:00.000000Z', waitingSince: null })
})

test('an answer that is made after a commit was looked at is still that of its tag, with the ticks of its look', async () => {
  await addTicks(world, ['2026-03-01T12:00:05'])
  world.clock.nowMs += 1_000
  const made = await begin()
  await rollupCandles(withTrino(world), UNBOUNDED)
  world.clock.nowMs += 1_000
  const next = await get()
  expect(next.status).toMatchObject({ uncommittedSince: null })
  const { tag, candles, status } = await made()
  expect(tag).not.toBe(next.tag)
  expect(candles).toMatchObject([{ volume: 2, live: true }])
  expect(status).toMatchObject({ waitingSince: null, uncommittedSince: '2026-03-01T12:00:10.000000Z' })
})
