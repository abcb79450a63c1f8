import { vi } from 'vitest'
import { minuteBudget } from '../../lib/rollup/budget.ts'
import { type RollupServices, rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { QueryFailed, QueryTimedOut } from '../../lib/trino/errors.ts'
import { type Asked, stateOfCandles, withTrino } from './rollupCalls.ts'
import type { World } from './world.ts'

/** How long Trino and the rest of a round take. */
export interface Cost {
  /** A statement of the backlog, milliseconds. */
  readonly ms: (asked: Asked) => number
  /** True for one that Trino has not the memory for. */
  readonly isTooMuch?: (asked: Asked) => boolean
  /** What comes after each: reading, writing and the commit. */
  readonly afterMs?: number
  /** Happens just before each call. */
  readonly meanwhile?: () => Promise<void>
}

/** One call, a second after its minute began or when the one before it has ended. */
export interface Call {
  /** How much later than that it began. */
  readonly waitedMs: number
  /** Why it failed. */
  readonly error: unknown
  readonly hoursStale: number
  /** The backlog's statements as `hours/shares`, with an exclamation mark where it failed. */
  readonly asked: readonly string[]
}

const FIRST_SECOND_MS = 1_000
const FUNCTION_MS = 300_000

/**
 * Calls rollup each minute from the world's next minute on, until nothing is stale: at most so many times. All time that
 * passes is that of the backlog; both clocks move with it. Needs `vi.useFakeTimers({ toFake: ['performance'] })`.
 */
export async function callEachMinute(world: World, cost: Cost, most: number): Promise<Call[]> {
  const { clock } = world
  const calls: Call[] = []
  const firstMs = Math.ceil(clock.nowMs / 60_000) * 60_000 + FIRST_SECOND_MS
  const asked: string[] = []
  const services = withTrino(world, each => {
    if (each.isBacklog) runFor(world, cost, each, asked)
  })
  for (let minute = 0; minute < most; minute++) {
    const dueMs = firstMs + minute * 60_000
    if (clock.nowMs < dueMs) pass(world, dueMs - clock.nowMs)
    const waitedMs = clock.nowMs - dueMs
    await cost.meanwhile?.()
    const error = await callOnce(world, services)
    const hoursStale = (await stateOfCandles(world)).hours.stale.size
    calls.push({ waitedMs, error, hoursStale, asked: asked.splice(0) })
    if (hoursStale === 0) break
  }
  return calls
}

/** Gives what the call failed with. */
async function callOnce({ clock }: World, services: RollupServices): Promise<unknown> {
  const beganMs = clock.nowMs
  const budget = minuteBudget(services.nowMs, () => FUNCTION_MS - (clock.nowMs - beganMs))
  try {
    await rollupCandles(services, budget)
    return undefined
  } catch (error) {
    return error
  }
}

/** What Trino takes for a statement, or until it gives it up. */
function runFor(world: World, { ms, isTooMuch, afterMs = 0 }: Cost, each: Asked, asked: string[]): void {
  const takesMs = ms(each)
  const isLate = takesMs > each.timeoutMs
  const isRefused = isTooMuch?.(each) === true
  asked.push(`${each.hours}/${each.shares}${isLate || isRefused ? '!' : ''}`)
  pass(world, Math.min(takesMs, each.timeoutMs))
  if (isLate) throw new QueryTimedOut('q', each.timeoutMs)
  if (isRefused) throw outOfMemory()
  pass(world, afterMs)
}

function pass({ clock }: World, ms: number): void {
  clock.nowMs += ms
  vi.advanceTimersByTime(ms)
}

export function outOfMemory(): QueryFailed {
  return new QueryFailed('q', {
    errorName: 'EXCEEDED_LOCAL_MEMORY_LIMIT',
    errorType: 'INSUFFICIENT_RESOURCES',
    message: 'Query exceeded per-node memory limit',
  })
}
