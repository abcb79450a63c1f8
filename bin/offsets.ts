import { parseArgs } from 'node:util'
import { TickhouseError } from '../lib/errors.ts'
import { adoptTopic, beginEpoch } from '../lib/ingest/beginEpoch.ts'
import { startOffsets } from '../lib/ingest/startOffsets.ts'
import { kafkaClient } from '../lib/kafka/client.ts'
import { setGroupOffsets } from '../lib/kafka/groupOffsets.ts'
import { readConfig } from '../lib/lambda/config.ts'
import { connect } from '../lib/lambda/connect.ts'
import { jsonLines } from '../lib/lambda/log.ts'
import { loadTable } from '../lib/tables/layout.ts'
import { nextOffset, type OffsetVector, topicIdOf } from '../lib/tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../lib/tables/ticksTable.ts'

const USAGE = `npm run offsets -- COMMAND

How far the ticks table has read the ticks topic, and the ways to put that right by hand.

  status      print, per partition, the table's next offset and what Kafka holds
  rewind      move the consumer group to the table's offsets (after "OFFSET_GAP")
  new-epoch   the topic was deleted and made again: count its offsets from 0 again (after "TOPIC_RECREATED");
              or a partition has lost records at its end: go on after them (after "LOG_TRUNCATED")
  same-topic  the topic was made again as a copy, with the same records at the same offsets, from a backup or a
              mirror (after "TOPIC_RECREATED"): go on at the table's offsets

new-epoch takes in all records of the new topic. If that topic is a copy, use same-topic: new-epoch would take in every tick
twice, as Kafka cannot tell a copy from new records. new-epoch is refused while the topic is still the one that was read.
All commands but status require that the event source is stopped: end sls offline first.`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h' } },
})
const command = positionals[0]
const COMMANDS = ['status', 'rewind', 'new-epoch', 'same-topic']
if (values.help || command === undefined || positionals.length > 1 || !COMMANDS.includes(command)) {
  console.log(USAGE)
  process.exit(values.help ? 0 : 2)
}

const config = readConfig()
const services = connect(config, jsonLines({ function: 'offsets' }))
const { ticksTopic } = config.settings
try {
  const ranges = await services.topicLog.offsets(ticksTopic)
  let { vector } = ticksState(await loadTable(services.catalog, TICKS_TABLE))
  if (command === 'rewind') await moveGroup(vector, ranges)
  if (command === 'new-epoch') vector = await beginEpoch(services, next => moveGroup(next, ranges))
  if (command === 'same-topic') vector = await adoptTopic(services, next => moveGroup(next, ranges))
  for (const [partition, { low, high }] of [...ranges].sort(([a], [b]) => a - b)) {
    const next = nextOffset(vector, partition)
    console.log(
      `${ticksTopic}-${partition} epoch ${vector.epoch}: next ${next}, Kafka holds ${low} to ${high}`,
    )
  }
  const [topicId, readId] = [await services.topicLog.topicId(ticksTopic), topicIdOf(vector)]
  const isOther = topicId !== undefined && readId !== undefined && topicId !== readId
  if (isOther) console.log(`${ticksTopic} is not the topic that epoch ${vector.epoch} was read from`)
} catch (error) {
  if (!(error instanceof TickhouseError)) throw error
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
} finally {
  await services.close()
}

async function moveGroup(vector: OffsetVector, ranges: ReadonlyMap<number, { low: number }>): Promise<void> {
  const offsets = startOffsets(vector, ranges)
  await setGroupOffsets(kafkaClient(config.kafka), config.settings.ingestGroup, ticksTopic, offsets)
}
