import { parseArgs } from 'node:util'
import { stopSignal } from '../../sandbox/stopSignal.ts'
import { type Campaign, play } from './campaign.ts'
import { HARMS } from './harms/index.ts'

const USAGE = `npm run faults -- [--rounds N] [--seed S] [--harm NAME]

Starts Kafka, SeaweedFS, Trino and sls offline of its own, sends ticks good and bad, and does one harm a round at a
random moment. After each round it compares Kafka's log with the table and the dead-letter topic, record by record.
Ends with exit code 1 when anything was lost, doubled or wrong, or when ingest did not catch up.

  --rounds N   how many; without it, each harm once
  --seed S     the choices of chance, to be played again; printed when left out
  --harm NAME  this one only

Harms:
${HARMS.map(({ name }) => `  ${name}`).join('\n')}`

const WRONG_USAGE = 2

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: { rounds: text, seed: text, harm: text, help: { type: 'boolean', short: 'h' } },
})

/** What is asked for, or undefined when that makes no sense. */
function campaign(): Campaign | undefined {
  const harms = HARMS.filter(({ name }) => name === (values.harm ?? name))
  const rounds = Number(values.rounds ?? harms.length)
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
  const makesSense = harms.length > 0 && Number.isInteger(rounds) && rounds > 0 && Number.isInteger(seed)
  return makesSense ? { harms, rounds, seed } : undefined
}

const asked = campaign()
if (values.help || asked === undefined) {
  console.log(USAGE)
  process.exit(values.help ? 0 : WRONG_USAGE)
}
console.error(`seed ${asked.seed}`)
const isGood = await play(
  asked,
  stopSignal(() => console.error('Stopping …')),
).catch(error => {
  console.error(error instanceof Error ? error.message : error)
  return false
})
// A round that was cut off may still be waiting for something.
process.exit(isGood ? 0 : 1)
