import { parseArgs } from 'node:util'
import { TickhouseError } from '../lib/errors.ts'
import { explain } from '../sandbox/errors.ts'
import { stopSignal } from '../sandbox/stopSignal.ts'
import { BENCHES, isBenchName } from './benches.ts'
import { machine } from './machine.ts'
import { table } from './table.ts'

const USAGE = `npm run -s bench -- NAME [--json] [options]

Measures on servers of its own (fresh data, free ports), which are gone afterwards. Ends with 1 when what was written
is wrong. With --json the last line is one JSON object; progress goes to standard error.

${Object.entries(BENCHES)
  .map(([name, { usage }]) => `  ${name.padEnd(10)} ${usage}`)
  .join('\n')}`

/** `npm run bench`: measures, prints, and leaves nothing running; gives the exit code. */
async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || !isBenchName(name)) {
    console.log(USAGE)
    return name === '--help' ? 0 : 2
  }
  const bench = BENCHES[name]
  const { values } = parseArgs({
    args,
    options: { ...bench.options, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help) return say(USAGE)

  await using onEnd = new AsyncDisposableStack()
  stopSignal(() => void onEnd.disposeAsync().finally(() => process.exit(130)))
  const before = machine()
  const results = await bench.measure({ values, onEnd, progress: line => console.error(line) })
  if (values.json) return say(JSON.stringify({ bench: name, machine: before, ...results }))
  return say(table(results))
}

function say(line: string): number {
  console.log(line)
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof TickhouseError ? `${error.code}: ${error.message}` : explain(error))
  process.exitCode = 1
}
