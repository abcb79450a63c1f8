import { candlesState } from '../../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../../lib/tables/candlesTable.ts'
import { random } from '../../faults/random.ts'
import { finish } from './finish.ts'
import type { Plan } from './plan.ts'
import { STEPS } from './steps.ts'
import { stateText } from './tableSteps.ts'
import { newSimWorld, type SimWorld } from './world.ts'

/** What came of a run. */
export interface Outcome {
  readonly plan: Plan
  /** What happened, step by step. */
  readonly told: readonly string[]
  readonly failure: Error | undefined
  readonly counts: {
    readonly commits: number
    readonly calls: number
    readonly killed: number
    readonly failed: number
  }
}

/** Runs a plan: each commit of candles is judged, and at the end all must be right. */
export async function run(plan: Plan): Promise<Outcome> {
  const world = await newSimWorld(plan)
  const told: string[] = [
    `it is ${new Date(plan.startMs).toISOString()}${plan.isCoarse ? '; hours are kept by days now and then' : ''}`,
  ]
  const failure = await world.time.during(() => doSteps(world, plan, told)).catch(error => error as Error)
  const { ended, killed, failed } = world.calls
  return { plan, told, failure, counts: { commits: world.judge.commits, calls: ended, killed, failed } }
}

async function doSteps(world: SimWorld, plan: Plan, told: string[]): Promise<Error | undefined> {
  for (const [name, seed] of plan.steps) {
    told.push(`${name} ${seed}`)
    const what = await STEPS[name]!.step(world, random(seed))
    told[told.length - 1] = `${name} ${seed}: ${what}\n    ${await stateText(world)}`
    if (world.judge.wrong !== undefined) return world.judge.wrong
  }
  told.push('all is left to itself')
  await finish(world, random(plan.seed), line => told.push(line))
  return world.judge.wrong
}

/** The state of the candles, for tests of the simulation itself. */
export async function stateOf({ catalog }: SimWorld) {
  return candlesState(await catalog.loadTable(CANDLES_TABLE))
}
