import { parseArgs } from 'node:util'
import { TickhouseError } from '../lib/errors.ts'
import { readConfig } from '../lib/lambda/config.ts'
import { connect } from '../lib/lambda/connect.ts'
import { jsonLines } from '../lib/lambda/log.ts'
import type { Findings } from '../lib/verify/findings.ts'
import { showFindings } from '../lib/verify/showFindings.ts'
import { type VerifyRequest, verify } from '../lib/verify/verify.ts'
import { momentOf, progress } from './terminal.ts'

const DEFAULT_WAIT_S = 600

const USAGE = `npm run -s verify [-- --from TIME] [--to TIME] [--wait [SECONDS]] [--json]

Recomputes every candle from the raw ticks and compares it, field by field, with Iceberg and with the newest message of
each candle on Kafka. It changes nothing and may run while the pipeline does. Stale hours are counted, and not compared with
their ticks.

  --from, --to   ISO 8601 times; only the whole days that they touch are compared (weeks and months that lie within)
  --wait         waits until no hour is stale, SECONDS at most (${DEFAULT_WAIT_S})
  --json         one JSON object on standard output

Ends with 0 when all is right, 1 when something differs, cannot be read, or is still stale after the wait, 2 when it was called
wrongly.
Where to: the same environment variables as the functions (lib/lambda/config.ts).`

process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions()
  if (options === undefined) return 2
  if (options.help) {
    console.log(USAGE)
    return 0
  }
  const startedMs = performance.now()
  try {
    const findings = await run(options.request)
    const seconds = (performance.now() - startedMs) / 1000
    console.log(options.json ? JSON.stringify({ ...findings, seconds }) : showFindings(findings, seconds))
    return findings.differenceCount === 0 ? 0 : 1
  } catch (error) {
    if (!(error instanceof TickhouseError)) throw error
    console.error(`${error.code}: ${error.message}`)
    return 1
  }
}

async function run(request: VerifyRequest): Promise<Findings> {
  const services = connect(readConfig(), jsonLines({ function: 'verify' }))
  try {
    return await verify(services, request, progress())
  } finally {
    await services.close()
  }
}

/** Undefined, and said why, when they cannot be understood. */
function readOptions() {
  try {
    const { values } = parseArgs({
      args: withSeconds(process.argv.slice(2)),
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        wait: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const request = {
      fromUs: momentOf(values.from),
      toUs: momentOf(values.to),
      waitMs: millisecondsOf(values.wait),
    }
    if ((request.fromUs ?? Number.NEGATIVE_INFINITY) >= (request.toUs ?? Number.POSITIVE_INFINITY)) {
      throw new TypeError('--from must lie before --to')
    }
    return { ...values, request }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    return undefined
  }
}

/** `parseArgs` knows no option whose value may be left out. */
function withSeconds(args: readonly string[]): string[] {
  return args.map((arg, i) => {
    const isAlone = arg === '--wait' && !/^\d+$/.test(args[i + 1] ?? '')
    return isAlone ? `--wait=${DEFAULT_WAIT_S}` : arg
  })
}

function millisecondsOf(seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined
  if (!/^\d{1,6}$/.test(seconds)) throw new TypeError(`--wait takes whole seconds, not ${seconds}`)
  return Number(seconds) * 1000
}
