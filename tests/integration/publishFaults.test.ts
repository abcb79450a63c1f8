import { afterEach, beforeEach, expect, test } from 'vitest'
import { publishBacklog } from '../publishFaults/backlog.ts'
import { runCampaign } from '../publishFaults/faults.ts'
import { openPublishWorld, type PublishWorld } from '../publishFaults/world.ts'

/** The short forms of `npm run -s faults:publish`. */
const say = () => {}

let world: PublishWorld
beforeEach(async () => {
  world = await openPublishWorld(say)
})
afterEach(() => world.close())

test('publishers killed, doubled and put to sleep, and Kafka killed: each revision once, in order, none missing', async () => {
  const { faults, messages, candles, rounds } = await runCampaign(world, { rounds: 6, seed: 1, say })
  expect(faults).toEqual([])
  expect(Object.keys(rounds)).toHaveLength(4)
  expect(messages).toBeGreaterThan(candles)
}, 1_200_000)

test('60,000 candles of 50 commits that lay there go out in bounded transactions, each revision once', async () => {
  const backlog = await publishBacklog(world, { candles: 60_000, seed: 1, say })
  expect(backlog).toMatchObject({ faults: [], messages: 60_000, candles: 60_000 })
  expect(backlog.transactions).toBeGreaterThanOrEqual(60_000 / 5_000)
}, 900_000)
