import { compactTable } from '../../../lib/maintain/compactTable.ts'
import { MAINTAINED_TABLES } from '../../../lib/maintain/maintainedTables.ts'
import type { Random } from '../../faults/random.ts'
import { random as randomOf } from '../../faults/random.ts'
import { harmOf, ingest, ingestAll, rollUp } from './callSteps.ts'
import { chance, type Step } from './step.ts'
import { compaction, damage, deletion, expiry, foreignMergeOfTicks, recompute } from './tableSteps.ts'
import { lateDays, lateHours, live, liveTicks, scattered, soon } from './tickSteps.ts'
import { clockStep, minutes, toNextMinute } from './timeSteps.ts'
import type { SimWorld } from './world.ts'

/** What may happen while a rollup is under way: at one of its moments, all at once. */
const MEANWHILE: readonly (readonly [string, Step])[] = Object.entries({
  ...{ live, lateHours, lateDays, scattered, clockStep, minutes },
  ...{ deletion, damage, expiry, foreignMergeOfTicks, recompute },
})

/** Calls and other things at once, each in turns with the others. */
export const together: Step = async (world, random) => {
  const told: string[] = []
  if (chance(random, 0.5)) {
    told.push(await random.pick([lateHours, lateDays, soon])(world, random))
    await ingestAll(world, random)
  }
  const works = [
    () =>
      rollUp(world, randomOf(random.int(0, 2 ** 31)), { harm: harmOf(world, random, 0.3), isAlone: false }),
    ...Array.from({ length: random.int(1, 3) }, () => companion(world, random)),
  ].map(work => async () => void told.push(await work()))
  await world.turns.together(random, works)
  await world.settle()
  return `at once:\n    ${told.join('\n    ')}`
}

/** The end of a minute: rollup waits for its last ticks, while ingest takes them in. */
export const endOfMinute: Step = async (world, random) => {
  liveTicks(world, random)
  await ingestAll(world, random)
  toNextMinute(world, random.pick([-1_500, 0, 100]))
  liveTicks(world, random)
  const told: string[] = []
  const own = randomOf(random.int(0, 2 ** 31))
  const turns = random.int(0, 40)
  await world.turns.together(random, [
    async () => void told.push(await rollUp(world, own, { isAlone: false })),
    async () => {
      const waits = {}
      for (let i = 0; i < turns; i++) await world.turns.take(waits)
      if (chance(own, 0.5))
        told.push(await own.pick([ingest, compaction, foreignMergeOfTicks, deletion])(world, own))
      await ingestAll(world, own)
    },
  ])
  return `ingest takes in the minute's last ticks while they are awaited: ${told.join('; ')}`
}

function companion(world: SimWorld, random: Random): () => Promise<string> {
  const own = randomOf(random.int(0, 2 ** 31))
  if (chance(random, 0.4)) {
    const harm = harmOf(world, random, 0.3)
    return () => rollUp(world, own, { harm, isAlone: false })
  }
  if (chance(random, 0.4)) {
    return async () => {
      await ingestAll(world, own)
      return 'ingest takes in all'
    }
  }
  if (chance(random, 0.2)) {
    return async () => {
      const kept = MAINTAINED_TABLES[1]!
      const { merged } = await compactTable(world.services(own, {}, 'cold'), kept, () => 1e9)
      return `compaction of ${merged} files of ticks`
    }
  }
  const [name, step] = random.pick(MEANWHILE)
  const turns = random.int(0, 60)
  return async () => {
    const waits = {}
    for (let i = 0; i < turns; i++) await world.turns.take(waits)
    return `${name}: ${await step(world, own)}`
  }
}
