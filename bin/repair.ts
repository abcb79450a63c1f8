import { parseArgs } from 'node:util'
import { TickhouseError } from '../lib/errors.ts'
import { readConfig } from '../lib/lambda/config.ts'
import { type Connections, connect } from '../lib/lambda/connect.ts'
import { warningsOnly } from '../lib/lambda/log.ts'
import { dryRun, type Told } from '../lib/repair/dryRun.ts'
import { type RepairRequest, repair } from '../lib/repair/repair.ts'
import { momentOf, progress } from './terminal.ts'

const USAGE = `npm run repair -- --from TIME --to TIME [--source S] [--symbol S] [--dry-run] [--follow-ticks] [--json]

Recomputes, from their ticks and in all timeframes, the candles of every hour that the stretch touches. Candles without ticks
are removed, with a tombstone on their topic. While a rollup is running it does the work and this command waits; otherwise this
command does it. It may be ended at any time: the next rollup recomputes the hours that are marked. publish sends the changes.

  --from, --to    ISO 8601 times
  --json          one JSON object on standard output

Ends with 0 when it is done, 1 when it failed, 2 when it was called wrongly.
Where to: the same environment variables as the functions (lib/lambda/config.ts).`

process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions()
  if (options === undefined) return 2
  if (options.help || options.request === undefined) {
    console.log(USAGE)
    return options.help ? 0 : 2
  }
  const services = connect(
    readConfig(),
    warningsOnly(line => console.error(line)),
  )
  try {
    console.log(await run(services, options.request, options))
    return 0
  } catch (error) {
    if (!(error instanceof TickhouseError)) throw error
    console.error(`${error.code}: ${error.message}`)
    return 1
  } finally {
    await services.close()
  }
}

/** Runs the repair or the dry run; gives its last output. */
async function run(
  services: Connections,
  request: RepairRequest,
  { isDryRun, told, json }: { isDryRun: boolean; told: Told; json: boolean },
): Promise<string> {
  if (!isDryRun) {
    const done = await repair(services, request, progress())
    return json ? JSON.stringify(done) : `\n${done.hours} hours are recomputed from their ticks`
  }
  const would = await dryRun(services, request, told, progress())
  const { hours, missing, surplus, differing } = would
  const counts = `${missing} missing, ${surplus} without ticks, ${differing} with other values`
  return json ? JSON.stringify(would) : `\n${hours} hours would be recomputed; candles: ${counts}`
}

/** The options; prints why and gives undefined when they are wrong. */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        source: { type: 'string' },
        symbol: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        'follow-ticks': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const { from, to, source, symbol, help, json } = values
    const isDryRun = values['dry-run']
    const rest = { help, json, isDryRun, told: { source, symbol } }
    if (from === undefined || to === undefined) return { ...rest, request: undefined }
    const request = { fromUs: momentOf(from), toUs: momentOf(to), followTicks: values['follow-ticks'] }
    if (request.fromUs >= request.toUs) throw new TypeError('--from must lie before --to')
    return { ...rest, request }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    return undefined
  }
}
