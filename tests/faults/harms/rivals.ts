import type { KafkaMessage } from 'kafkajs'
import { TickhouseError } from '../../../lib/errors.ts'
import { ingestTicks } from '../../../lib/ingest/ingestTicks.ts'
import type { KafkaRecord, RecordBatch } from '../../../lib/ports.ts'
import type { Random } from '../random.ts'
import { type Offsets, rangesOf, readTopic } from '../world/kafka.ts'
import { PARTITIONS } from '../world/sender.ts'
import type { World } from '../world/world.ts'
import type { Harm } from './harm.ts'

/** What a rival may be told: that it lost too often, or that it begins above the vector. */
const FAIR_ENDS = new Set(['COMMIT_CONFLICT', 'COMMIT_UNKNOWN', 'OFFSET_GAP'])

const CALLS = 3

/** A consumer's message as a step takes it. */
export function recordOf({ offset, timestamp, key, value, headers = {} }: KafkaMessage): KafkaRecord {
  const known = Object.entries(headers).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]))
  return {
    offset: Number(offset),
    timestampMs: Number(timestamp),
    key,
    value,
    headers: Object.fromEntries(known),
  }
}

async function readBatches({ kafka, services }: World, from: Offsets, to: Offsets): Promise<RecordBatch[]> {
  const topic = services.settings.ticksTopic
  const byPartition = Map.groupBy(await readTopic(kafka, topic, from, to), ({ partition }) => partition)
  return [...byPartition].map(([partition, read]) => {
    return { topic, partition, records: read.map(({ message }) => recordOf(message)) }
  })
}

/** Some of the partitions, each with a stretch of its own. */
function someOf(batches: readonly RecordBatch[], random: Random): RecordBatch[] {
  return batches
    .filter(() => random.next() < 0.8)
    .map(batch => {
      const from = random.int(0, Math.floor(batch.records.length / 2))
      const to = random.int(from + 1, batch.records.length)
      return { ...batch, records: batch.records.slice(from, to) }
    })
}

/** One more ingester takes in parts of the batches, in whatever order. */
async function rivalIngests(
  rival: World['services'],
  batches: readonly RecordBatch[],
  random: Random,
): Promise<void> {
  for (let call = 0; call < CALLS; call++) {
    try {
      await ingestTicks(rival, someOf(batches, random))
    } catch (error) {
      if (!(error instanceof TickhouseError) || !FAIR_ENDS.has(error.code)) throw error
    }
  }
}

/** While the host stands still each partition gets some records; gives the offsets behind them. */
async function sendUnseen({ host, sender, random }: World): Promise<Map<number, number>> {
  const ends = new Map<number, number>()
  host.freeze()
  try {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const count = random.int(1, 120)
      ends.set(partition, (await sender.send(partition, count)) + count)
    }
  } finally {
    host.thaw()
  }
  return ends
}

export const RIVALS: readonly Harm[] = [
  {
    name: 'storm of ingesters',
    async strike(world) {
      const { state, random } = world
      const { next } = await state.read()
      const batches = await readBatches(world, next, await sendUnseen(world))
      await Promise.all(
        world.rivals.slice(random.int(0, 2)).map(rival => rivalIngests(rival, batches, random)),
      )
    },
  },
  {
    name: 'old batch redelivered',
    async strike(world) {
      const { kafka, state, random, services } = world
      const { next } = await state.read()
      const ranges = await rangesOf(kafka, services.settings.ticksTopic)
      const back = (partition: number, end: number) =>
        Math.max(ranges.get(partition)!.low, end - random.int(1, 300))
      const from = new Map([...next].map(([partition, end]) => [partition, back(partition, end)]))
      await rivalIngests(world.rivals[0]!, await readBatches(world, from, next), random)
    },
  },
]
