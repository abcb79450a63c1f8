import { readConfig } from '../../lib/lambda/config.ts'
import { connect } from '../../lib/lambda/connect.ts'
import { warningsOnly } from '../../lib/lambda/log.ts'
import { type HistoryStretch, historyRecords } from './lateTicks.ts'
import { sendInBatches } from './sendInBatches.ts'

/** Sends the history that the command line names, as fast as Kafka takes it; tells how many ticks are sent. */
const BATCH = 2_000

const stretch = JSON.parse(process.argv[2]!) as HistoryStretch
const services = connect(readConfig(), warningsOnly(console.error))
const records = historyRecords(services.settings.ticksTopic, stretch)
await sendInBatches(services.topicWriter, records, BATCH, sent => void process.send!(sent))
await services.close()
process.disconnect()
