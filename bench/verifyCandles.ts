import type { Services } from '../lib/services.ts'
import { type VerifyRequest, verify } from '../lib/verify/verify.ts'
import { VERIFY_LIMITS } from '../lib/verify/verifyTables.ts'
import { BenchFailed } from './until.ts'

/** Longer than any bench leaves hours to be caught up. */
const WAIT_MS = 600_000

/**
 * Holds candles to their recomputation from the raw ticks, once none is left to be caught up; gives how many ticks. Throws
 * where one differs, or there are none.
 */
export async function verifyCandles(
  services: Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings'>,
  range: VerifyRequest,
  limits = VERIFY_LIMITS,
): Promise<number> {
  const request = { waitMs: WAIT_MS, ...range }
  const { differenceCount, differences, ticks } = await verify(services, request, () => undefined, limits)
  if (differenceCount === 0 && ticks > 0) return ticks
  const first = differences.length > 0 ? `, such as ${JSON.stringify(differences[0])}` : ''
  throw new BenchFailed(`verify found ${differenceCount} differences in ${ticks} ticks${first}`)
}
