import { parseArgs } from 'node:util'
import { planOf } from './plan.ts'
import { report, shrink } from './report.ts'
import { run } from './run.ts'

const USAGE = `npm run simulate -- [--runs N] [--seed N] [--keep-going]

Runs N random schedules of the rollup in memory (1,000), with the seeds from --seed on (1). Ends at the first that fails,
with its steps and the fewest of them that still fail; with --keep-going at the end.`

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    'keep-going': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false, short: 'h' },
  },
})

if (values.help) console.log(USAGE)
else process.exitCode = await simulate(Number(values.seed), Number(values.runs))

/** Gives the exit code. */
async function simulate(firstSeed: number, runs: number): Promise<number> {
  const startedMs = Date.now()
  const counts = { commits: 0, calls: 0, killed: 0, failed: 0 }
  let failures = 0
  for (let i = 0; i < runs; i++) {
    const outcome = await run(planOf(firstSeed + i))
    for (const [name, count] of Object.entries(outcome.counts)) counts[name as keyof typeof counts] += count
    if (outcome.failure !== undefined) {
      failures += 1
      if (values['keep-going']) console.log(`seed ${outcome.plan.seed}: ${outcome.failure.message}`)
      else {
        console.log(report(await shrink(outcome)))
        return 1
      }
    }
    if ((i + 1) % 100 === 0) console.log(`${i + 1} runs, ${failures} failed`)
  }
  const seconds = Math.round((Date.now() - startedMs) / 1000)
  console.log(`${runs} runs in ${seconds} s: ${failures} failed; ${JSON.stringify(counts)}`)
  return failures === 0 ? 0 : 1
}
