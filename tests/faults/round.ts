import { setTimeout as sleep } from 'node:timers/promises'
import type { Harm } from './harms/harm.ts'
import type { Finding } from './oracle/judge.ts'
import { until } from './until.ts'
import type { World } from './world/world.ts'

/** What came of one round. */
export interface Round {
  readonly harm: string
  /** From the end of the harm until all that was sent is in the table. */
  readonly recoveryS: number
  readonly findings: readonly Finding[]
}

/** The harm comes so soon after the first tick. */
const LATEST_STRIKE_MS = 1_200
/** Ingest that has not caught up after this, will not. */
const RECOVERED_WITHIN_MS = 300_000

/**
 * Sends ticks, does the harm at a random moment, waits until ingest has caught up, and judges. Throws when it does not, or
 * when the harm cannot be done: its world is then in no state for another round.
 */
export async function playRound(world: World, harm: Harm): Promise<Round> {
  await harm.prepare?.(world)
  const stream = world.sender.start()
  await sleep(world.random.int(0, LATEST_STRIKE_MS))
  await harm.strike(world)
  const overMs = performance.now()
  await harm.repair?.(world)
  const ends = await stream.stop()
  await caughtUp(world, ends)
  const recoveryS = (performance.now() - overMs) / 1000
  return { harm: harm.name, recoveryS, findings: await world.oracle.lookAtRound(ends) }
}

async function caughtUp({ state, oracle }: World, ends: ReadonlyMap<number, number>): Promise<void> {
  const isIn = async () => {
    const { epoch, next } = await state.read()
    return (
      epoch === oracle.log.epoch && [...ends].every(([partition, end]) => (next.get(partition) ?? 0) >= end)
    )
  }
  await until('ingest has caught up', isIn, RECOVERED_WITHIN_MS)
}
