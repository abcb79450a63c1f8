import { MINUTE_US, type Micros } from '../lib/market/time.ts'
import { foldMinutes } from '../lib/rollup/foldMinutes.ts'
import { loadInputs } from '../lib/rollup/rollupInputs.ts'
import type { Services } from '../lib/services.ts'

/** The statement of a rollup for the minute before `endUs`, and nothing done with its answer: Trino warms up by it. */
export async function computeLastMinute(
  services: Pick<Services, 'catalog' | 'query' | 'settings'>,
  endUs: Micros,
): Promise<void> {
  const inputs = await loadInputs(services)
  const stretches = [{ fromUs: endUs - MINUTE_US, toUs: endUs }]
  await foldMinutes(services, { ticks: inputs.ticks, stretches })
}
