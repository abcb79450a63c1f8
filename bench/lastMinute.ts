import { MINUTE_US, type Micros } from '../lib/market/time.ts'
import { computeCandles } from '../lib/rollup/computeCandles.ts'
import { loadInputs } from '../lib/rollup/rollupInputs.ts'
import type { Services } from '../lib/services.ts'

/** The statement of a rollup for the minute before `endUs`, and nothing done with its answer: Trino warms up by it. */
export async function computeLastMinute(
  services: Pick<Services, 'catalog' | 'query' | 'settings'>,
  endUs: Micros,
): Promise<void> {
  const inputs = await loadInputs(services)
  const minutes = [{ fromUs: endUs - MINUTE_US, toUs: endUs }]
  await computeCandles(services, { ...inputs, vector: inputs.ticksVector, minutes })
}
