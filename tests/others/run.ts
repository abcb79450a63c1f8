import { parseArgs } from 'node:util'
import { LAKES, type Lake } from '../../sandbox/settings.ts'
import { stopSignal } from '../../sandbox/stopSignal.ts'
import { CASES, SHORT_CASES } from './cases.ts'
import { playCases } from './playCases.ts'
import { playRandom } from './random.ts'

const USAGE = `npm run others -- [--steps N] [--seed S] [--lake seaweedfs|minio]
npm run others -- --cases [all|short] [--only TEXT] [--lake seaweedfs|minio]

Starts Kafka, an object store with its catalog, and Trino of its own, sends ticks, and lets Trino, PyIceberg and Spark do
to the tables what people do: delete, update, compact, expire, alter, write to branches, roll back. What the ticks table,
the candles and the candle topics hold is judged by a ledger of all ticks. Ends with exit code 1 at a fault.

  --steps N     so many random ones, among ticks and rollups (200)
  --seed S      the choices of chance, to be played again; printed when left out
  --cases       each step of the table by itself, before, after and during rollup; or those of npm test
  --only TEXT   those whose name has this in it, and this: 'spark+after rollup'`

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    steps: text,
    seed: text,
    cases: text,
    only: text,
    lake: text,
    help: { type: 'boolean', short: 'h' },
  },
})

const WRONG_USAGE = 2

/** What is asked for; undefined when that makes no sense. */
function asked(): (() => Promise<boolean>) | undefined {
  const lake = LAKES.find(name => name === (values.lake ?? 'seaweedfs'))
  const steps = Number(values.steps ?? 200)
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
  const makesSense = lake !== undefined && Number.isInteger(steps) && steps > 0 && Number.isInteger(seed)
  if (!makesSense || values.help) return undefined
  if (values.cases === undefined) return () => playRandom({ steps, seed, lake: lake as Lake, say })
  const of = { all: CASES, short: SHORT_CASES }[values.cases]
  const parts = (values.only ?? '').split('+')
  const cases = of?.filter(({ name }) => parts.every(part => name.includes(part)))
  return cases?.length ? () => playCases(cases, { lake: lake as Lake, say }) : undefined
}

function say(line: string): void {
  console.log(line)
}

const play = asked()
if (play === undefined) {
  console.log(USAGE)
  process.exit(values.help ? 0 : WRONG_USAGE)
}
// The sandbox ends with this process.
stopSignal(() => console.error('Stopping …')).addEventListener('abort', () => process.exit(1))
const isGood = await play().catch(error => {
  console.error(error)
  return false
})
process.exit(isGood ? 0 : 1)
