import { produceTicks } from '../../lib/produce/produceTicks.ts'
import type { BenchRun } from '../benches.ts'
import type { BenchWorld } from '../world.ts'

/** How many are traded; each has the same number of ticks. */
export const SYMBOLS = 20

const DAY_S = 86_400
const FROM_US = Date.UTC(2025, 2, 20) * 1000

/** Puts a day of made-up ticks on the topic, the same ones every time; more of them lie closer together. */
export async function fillTopic(
  { services }: BenchWorld,
  ticks: number,
  { progress }: BenchRun,
): Promise<void> {
  const everySeconds = (DAY_S * SYMBOLS) / ticks
  const stepUs = Math.round(everySeconds * 1_000_000)
  const range = { from: FROM_US, to: FROM_US + (ticks / SYMBOLS) * stepUs }
  const request = { kind: 'history', seed: 1, symbols: SYMBOLS, everySeconds, even: true, ...range } as const
  progress(`filling ${services.settings.ticksTopic} with ${ticks.toLocaleString('en-US')} ticks …`)
  const startedMs = performance.now()
  await produceTicks(services, request, () => Number.POSITIVE_INFINITY)
  progress(`filled after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
}
