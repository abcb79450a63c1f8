import { playStep } from './playStep.ts'
import { STEPS } from './steps/index.ts'
import { MOMENTS, type Moment, type Step, type TableName } from './steps/step.ts'
import { STORIES } from './stories.ts'
import type { World } from './world.ts'

/** One thing that must go well; gives what did not. A world with findings is no good for another case. */
export interface Case {
  readonly name: string
  /** True when there is no way back: the world ends with it. */
  readonly isLast?: boolean
  play(world: World): Promise<string[]>
}

function stepCase(step: Step, table: TableName, moment: Moment): Case {
  const name = `${step.engine}: ${step.name}, on ${table}, ${moment}`
  return { name, play: world => playStep(world, { step, table, moment }) }
}

/** Every step on every table at every moment, ticks alone beside ingest; and the stories. */
export const CASES: readonly Case[] = [
  ...STEPS.flatMap(step =>
    step.tables.flatMap(table =>
      MOMENTS.filter(moment => table === 'stock_ticks' || moment !== 'during ingest').map(moment =>
        stepCase(step, table, moment),
      ),
    ),
  ),
  ...STORIES,
]

/** Those of `npm test`: a few of each kind. */
export const SHORT_CASES: readonly Case[] = [
  ...STEPS.flatMap(step => (step.short ?? []).map(([table, moment]) => stepCase(step, table, moment))),
  ...STORIES.filter(({ isShort }) => isShort),
]
