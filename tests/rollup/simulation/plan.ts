import { type Random, random } from '../../faults/random.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from './step.ts'
import { STEPS } from './steps.ts'

/** One step of a run: which, and the seed of its own chance. So a run with fewer steps does the same in those that are left. */
export type PlannedStep = readonly [name: string, seed: number]

export interface Plan {
  readonly seed: number
  readonly startMs: number
  /** True when some commits keep their sets of hours by whole days, as they do where these would take too much room. */
  readonly isCoarse: boolean
  /** How often a call has no time for the backlog. */
  readonly busy: number
  readonly steps: readonly PlannedStep[]
}

/** Ends of hours, days, weeks and months: close before them a run soon crosses them. */
const EDGES = ['2026-03-01', '2026-03-02', '2024-02-29', '2025-12-29', '2026-01-01', '2026-06-17T07:00'].map(
  text => Date.parse(`${text.padEnd(16, 'T00:00')}Z`),
)
const STEPS_FROM = 5
const STEPS_TO = 24
/** A run has each kind of step with this probability: so some runs are full of what others have not at all. */
const HAS_KIND = 0.55
const IS_COARSE = 0.1
const BUSY = [0.1, 0.1, 0.5, 0.9]
const ALWAYS = new Set(['ordinaryMinute', 'rollup', 'ingest'])

/** The plan of a seed. */
export function planOf(seed: number): Plan {
  const chance = random(seed)
  const startMs = chance.pick(EDGES) - chance.int(0, chance.pick([3 * MINUTE_MS, HOUR_MS, DAY_MS]))
  const kinds = Object.entries(STEPS).filter(([name]) => ALWAYS.has(name) || chance.next() < HAS_KIND)
  const steps = Array.from(
    { length: chance.int(STEPS_FROM, STEPS_TO) },
    (): PlannedStep => [weighted(chance, kinds), chance.int(0, 2 ** 31 - 1)],
  )
  return { seed, startMs, isCoarse: chance.next() < IS_COARSE, busy: chance.pick(BUSY), steps }
}

function weighted(
  chance: Random,
  kinds: readonly (readonly [string, { readonly weight: number }])[],
): string {
  let left = chance.next() * kinds.reduce((sum, [, { weight }]) => sum + weight, 0)
  for (const [name, { weight }] of kinds) {
    left -= weight
    if (left < 0) return name
  }
  return kinds[0]![0]
}
