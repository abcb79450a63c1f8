import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_EVERY_MS = 100

/** What was waited for did not come about. */
export class NotInTime extends Error {}

/** Waits until the check gives something, and gives that; a check that throws has not held yet. Throws `NotInTime`. */
export async function until<Found>(
  what: string,
  check: () => Promise<Found | undefined | false> | Found | undefined | false,
  withinMs = 180_000,
): Promise<Found> {
  const endMs = performance.now() + withinMs
  let why = ''
  while (performance.now() < endMs) {
    try {
      const found = await check()
      if (found !== undefined && found !== false) return found
      why = ''
    } catch (error) {
      why = `: ${error instanceof Error ? error.message : error}`
    }
    await sleep(LOOK_EVERY_MS)
  }
  throw new NotInTime(`not within ${withinMs / 1000} s: ${what}${why}`)
}
