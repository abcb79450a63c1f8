import type { Services } from '../lib/services.ts'
import { type VerifyRequest, verify } from '../lib/verify/verify.ts'
import { VERIFY_LIMITS } from '../lib/verify/verifyTables.ts'
import { BenchFailed } from './until.ts'

/** Holds candles to their recomputation from the raw ticks; gives how many ticks. Throws where one differs, or there are none. */
export async function verifyCandles(
  services: Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings'>,
  range: VerifyRequest,
  limits = VERIFY_LIMITS,
): Promise<number> {
  const { differenceCount, differences, ticks } = await verify(services, range, () => undefined, limits)
  if (differenceCount === 0 && ticks > 0) return ticks
  const first = differences.length > 0 ? `, such as ${JSON.stringify(differences[0])}` : ''
  throw new BenchFailed(`verify found ${differenceCount} differences in ${ticks} ticks${first}`)
}
