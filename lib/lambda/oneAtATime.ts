import { setTimeout as sleep } from 'node:timers/promises'
// The default import: a runtime before Node 24.5 has no `locks`, and would refuse to load a module that names it.
import threads, { type LockManager } from 'node:worker_threads'
import type { Stages } from '../stages.ts'
import type { Connections } from './connect.ts'
import type { Step } from './handler.ts'

/** Which calls take turns. */
export interface Turns {
  /** Calls of the same name take turns; one without a name waits for nobody and keeps nobody waiting. */
  nameOf(event: unknown): string | undefined
  /** How much of its time a call must still have when it begins, if it had to wait. */
  readonly needsMs: number
}

/** The result of a call that did nothing. (`skipped` is what ingest calls the records that it need not take.) */
export interface Skipped {
  readonly skippedBecause: string
}

/** The waiting call looks so often whether it is its turn. */
const LOOK_EVERY_MS = 100

/**
 * The step, of whose calls at most one of a name is at work in this process, whichever threads they run in. One more
 * waits for it, as long as its time allows; any further one is skipped: the one that waits will do its work. This is
 * for serverless-offline, which starts a thread for each call that comes while others run. On AWS `reservedConcurrency`
 * does the same. A runtime without a lock manager has no turns.
 */
export function oneAtATime<Result, Needs extends { readonly stages: Stages } = Connections>(
  { nameOf, needsMs }: Turns,
  step: Step<Result, Needs>,
): Step<Result | Skipped, Needs> {
  return async (services, event, remainingMs) => {
    const locks = lockManager()
    const name = locks && nameOf(event)
    if (locks === undefined || name === undefined) return step(services, event, remainingMs)
    const hasTime = () => remainingMs() >= needsMs
    const turn = await takeTurn(locks, name, services.stages, hasTime)
    if ('skippedBecause' in turn) return turn
    try {
      return await step(services, event, remainingMs)
    } finally {
      await turn.release()
    }
  }
}

/** One for all threads of the process; it takes back what a thread held that was terminated. */
function lockManager(): LockManager | undefined {
  return threads.locks
}

/** A lock that this call holds. */
interface Held {
  /** Resolves once others may take it. */
  release(): Promise<void>
}

async function takeTurn(
  locks: LockManager,
  name: string,
  stages: Stages,
  hasTime: () => boolean,
): Promise<Held | Skipped> {
  const atWork = `tickhouse: ${name}`
  const free = await take(locks, atWork)
  if (free) return free
  const place = await take(locks, `${atWork}, next`)
  if (!place) return { skippedBecause: `another call of ${name} is at work, and one more waits` }
  try {
    const turn = await stages.time('turn', () => awaitTurn(locks, atWork, hasTime))
    return turn ?? { skippedBecause: `another call of ${name} is at work, longer than this one may wait` }
  } finally {
    // Before the work begins: a call that comes while we are at work, and finds something new, must not be skipped.
    await place.release()
  }
}

/** Undefined when time runs out. */
async function awaitTurn(
  locks: LockManager,
  atWork: string,
  hasTime: () => boolean,
): Promise<Held | undefined> {
  while (hasTime()) {
    const turn = await take(locks, atWork)
    if (turn) return turn
    await sleep(LOOK_EVERY_MS)
  }
  return undefined
}

/**
 * Takes the lock, or gives undefined where another call has it. A request that queues would be of no use: Node frees
 * the locks of a thread that is terminated, and grants none of them to those who wait in other threads.
 */
function take(locks: LockManager, lock: string): Promise<Held | undefined> {
  return new Promise((resolve, reject) => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const request: Promise<void> = locks.request(lock, { ifAvailable: true }, async granted => {
      if (granted === null) return resolve(undefined)
      resolve({
        release() {
          release()
          return request
        },
      })
      await released
    })
    request.catch(reject)
  })
}
