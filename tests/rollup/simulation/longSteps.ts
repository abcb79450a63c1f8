import { markRanges } from '../../../lib/rollup/markRanges.ts'
import { ingestAll, rollUp } from './callSteps.ts'
import { HOUR_MS, MINUTE_MS, type Step } from './step.ts'
import { liveTicks, tick } from './tickSteps.ts'
import { WELL } from './trinoMood.ts'

// Chance alone comes by these seldom: each is a few steps that are of no interest in another order.

/** Ticks of a time to come, which then comes. */
export const comingTime: Step = async (world, random) => {
  const { time } = world
  const aheadMs = random.int(70 * MINUTE_MS, 5 * HOUR_MS)
  const atMs = time.wallMs + aheadMs
  for (let i = 0; i < 3; i++) tick(world, random, atMs + random.int(0, 30 * MINUTE_MS), atMs)
  await ingestAll(world, random)
  const told = [await rollUp(world, random)]
  time.pass(aheadMs - random.int(0, 50 * MINUTE_MS))
  liveTicks(world, random)
  await ingestAll(world, random)
  told.push(await rollUp(world, random))
  return `ticks come ${Math.round(aheadMs / MINUTE_MS)} minutes before their time, and then it comes: ${told.join('; ')}`
}

/** Hours that are owed are marked as damaged, others of their buckets too, and are done one by one. */
export const repairOfOwed: Step = async (world, random) => {
  const { time, mood } = world
  for (const hoursAgo of [1, 2, 4, 6, 9])
    tick(world, random, time.wallMs - random.int(hoursAgo, hoursAgo + 1) * HOUR_MS)
  time.pass(4 * HOUR_MS - (time.wallMs % (4 * HOUR_MS)) + 1_000)
  liveTicks(world, random)
  await ingestAll(world, random)
  const told = [await rollUp(world, random)]
  const toUs = time.wallMs * 1000
  const services = world.services(random, {}, 'cold')
  const marked = await markRanges(services, [{ fromUs: toUs - random.int(6, 30) * HOUR_MS * 1000, toUs }])
  const before = mood.trino
  mood.trino = { ...WELL, maxMinutes: 61 }
  for (let i = 0; i < 3; i++) {
    time.pass(MINUTE_MS)
    told.push(await rollUp(world, random))
  }
  mood.trino = before
  return `${marked} hours are marked while some are owed: ${told.join('; ')}`
}
