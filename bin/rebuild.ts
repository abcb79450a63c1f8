import { parseArgs } from 'node:util'
import { TickhouseError } from '../lib/errors.ts'
import { startOffsets } from '../lib/ingest/startOffsets.ts'
import { kafkaClient } from '../lib/kafka/client.ts'
import { setGroupOffsets } from '../lib/kafka/groupOffsets.ts'
import { readConfig } from '../lib/lambda/config.ts'
import { connect } from '../lib/lambda/connect.ts'
import { jsonLines } from '../lib/lambda/log.ts'
import { type RebuildRequest, rebuild } from '../lib/rebuild/rebuild.ts'
import { showRebuilt } from '../lib/rebuild/showRebuilt.ts'
import type { OffsetVector } from '../lib/tables/offsetVector.ts'
import { progress } from './terminal.ts'

const USAGE = `npm run -s rebuild [-- --dry-run] [--force] [--json]

Restores the lost state of the two tables ("STATE_MISSING", "STATE_UNREADABLE"), that is how far they have read Kafka. It takes
the state from earlier metadata files if these have it, and otherwise works it out from the rows: they have the highest offset
of each Kafka partition. Offsets below it that the table lacks are compared with the dead letters and with what Kafka still
has, and those that cannot be proven are listed. Then every hour is marked, and rollup recomputes the candles.

  --dry-run   shows what it finds, and writes nothing
  --force     works the state out from the rows, even if the tables have their state
  --json      one JSON object on standard output

The event source must be stopped: end sls offline first. Ends with 0 when it is done, proven or not, 1 when it failed, 2 when
it was called wrongly.
Where to: the same environment variables as the functions (lib/lambda/config.ts).`

process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions()
  if (options === undefined) return 2
  if (options.help) {
    console.log(USAGE)
    return 0
  }
  try {
    await run({ dryRun: options['dry-run'], force: options.force }, options.json)
    return 0
  } catch (error) {
    if (!(error instanceof TickhouseError)) throw error
    console.error(`${error.code}: ${error.message}`)
    return 1
  }
}

async function run(request: RebuildRequest, isJson: boolean): Promise<void> {
  const config = readConfig()
  const services = connect(config, jsonLines({ function: 'rebuild' }))
  const { ticksTopic } = config.settings
  const moveGroup = async (vector: OffsetVector) => {
    const offsets = startOffsets(vector, await services.topicLog.offsets(ticksTopic))
    await setGroupOffsets(kafkaClient(config.kafka), config.settings.ingestGroup, ticksTopic, offsets)
  }
  try {
    const rebuilt = await rebuild(services, request, { moveGroup, onProgress: progress() })
    console.log(isJson ? JSON.stringify(rebuilt) : showRebuilt(rebuilt, ticksTopic))
  } finally {
    await services.close()
  }
}

/** The options; prints why and gives undefined when they are wrong. */
function readOptions() {
  const flag = { type: 'boolean', default: false } as const
  try {
    const options = { 'dry-run': flag, force: flag, json: flag, help: { ...flag, short: 'h' } } as const
    return parseArgs({ options }).values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    return undefined
  }
}
