import type { PlannedStep } from './plan.ts'
import { type Outcome, run } from './run.ts'
import { Wrong } from './wrong.ts'

/** A failing run with the fewest steps that were found to fail in the same way. */
export async function shrink(outcome: Outcome, mostRuns = 200): Promise<Outcome> {
  let smallest = outcome
  let runs = 0
  for (let size = Math.ceil(outcome.plan.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < smallest.plan.steps.length && runs < mostRuns; ) {
      const steps = smallest.plan.steps.toSpliced(from, size)
      const smaller = await run({ ...smallest.plan, steps })
      runs += 1
      if (isAlike(smaller.failure, outcome.failure)) smallest = smaller
      else from += size
    }
  }
  return smallest
}

function isAlike(a: Error | undefined, b: Error | undefined): boolean {
  if (a === undefined || b === undefined) return false
  return a instanceof Wrong && b instanceof Wrong
    ? a.rule === b.rule
    : a.name === b.name && a.constructor === b.constructor
}

/** A failing run, for people, with what repeats it. */
export function report({ plan, told, failure }: Outcome): string {
  return [
    `seed ${plan.seed}: ${failure?.message}`,
    ...told.map((line, i) => `${i}. ${line}`),
    failure instanceof Wrong ? '' : String(failure?.stack),
    `Again: SEED=${plan.seed} STEPS='${JSON.stringify(plan.steps)}' npx vitest run tests/rollup/schedules.test.ts`,
  ].join('\n')
}

/** Steps as `report` gives them. */
export function stepsOf(text: string): PlannedStep[] {
  return JSON.parse(text) as PlannedStep[]
}
