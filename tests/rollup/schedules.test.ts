import { describe, expect, test } from 'vitest'
import { type Plan, planOf } from './simulation/plan.ts'
import { report, shrink, stepsOf } from './simulation/report.ts'
import { type Outcome, run } from './simulation/run.ts'

// `npm run simulate -- --runs 5000` runs as many as there is time for; it says how to repeat one that fails.
const RUNS = 60
const RUNS_PER_TEST = 10
const TIMEOUT_MS = 300_000

/** Fails with the steps of the run, the fewest that still fail. */
async function mustSucceed(plan: Plan): Promise<Outcome> {
  const outcome = await run(plan)
  if (outcome.failure !== undefined) expect.fail(report(await shrink(outcome)))
  return outcome
}

const { SEED, STEPS } = process.env

if (SEED !== undefined) {
  test(
    `the schedule of seed ${SEED}${STEPS === undefined ? '' : ', some steps alone'}`,
    async () => {
      const plan = planOf(Number(SEED))
      const outcome = await mustSucceed(STEPS === undefined ? plan : { ...plan, steps: stepsOf(STEPS) })
      console.log(outcome.told.join('\n'))
    },
    TIMEOUT_MS,
  )
} else {
  describe('random schedules', () => {
    const firsts = Array.from({ length: RUNS / RUNS_PER_TEST }, (_, i) => 1 + i * RUNS_PER_TEST)
    test.each(firsts)(
      'from seed %d on: after each commit all holds that must, and in the end candles are the fold of their ticks',
      async first => {
        for (let seed = first; seed < first + RUNS_PER_TEST; seed++) await mustSucceed(planOf(seed))
      },
      TIMEOUT_MS,
    )

    test('come out the same when they are repeated', async () => {
      const [once, again] = [await run(planOf(3)), await run(planOf(3))]
      expect(again.told).toEqual(once.told)
    })
  })
}
