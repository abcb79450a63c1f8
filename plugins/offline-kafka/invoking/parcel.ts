import type { Slice } from '../batching/batcher.ts'
import { emptyEvent, type KafkaEvent, toEventRecord } from '../records/event.ts'
import { RecordFields } from '../records/recordFields.ts'

/**
 * A batch on its way to a worker: one block of shared memory, instead of an object to clone for every record. The next batch
 * of the same worker takes the same block. It holds a column of offsets, of timestamps, of where each record begins, of kinds of timestamp, and then the records.
 */
export interface Parcel {
  topic: string
  bootstrapServers: readonly string[]
  lists: { partition: number; count: number }[]
  memory: SharedArrayBuffer
}

const COLUMNS_BYTES = 8 + 8 + 4 + 1

function columnsOf(memory: SharedArrayBuffer, count: number) {
  return {
    offsets: new Float64Array(memory, 0, count),
    timestampsMs: new Float64Array(memory, 8 * count, count),
    starts: new Uint32Array(memory, 16 * count, count),
    isLogAppendTime: new Uint8Array(memory, 20 * count, count),
    bytes: Buffer.from(memory, COLUMNS_BYTES * count),
  }
}

/** Copies the records together, into `memory` if they fit, else into more; what they lay in may be forgotten afterwards. */
export function pack(
  topic: string,
  bootstrapServers: readonly string[],
  slices: readonly Slice[],
  memory: SharedArrayBuffer,
): Parcel {
  const lists = slices.map(({ partition, records }) => ({ partition, count: records.length }))
  const runs = slices.flatMap(({ records }) => records.runs)
  const count = runs.reduce((sum, { from, to }) => sum + to - from, 0)
  const byteLength = runs.reduce((sum, { batch, from, to }) => sum + batch.end(to - 1) - batch.start(from), 0)
  const block = atLeast(COLUMNS_BYTES * count + byteLength, memory)
  const { offsets, timestampsMs, starts, isLogAppendTime, bytes } = columnsOf(block, count)
  let index = 0
  let at = 0
  for (const { batch, from, to } of runs) {
    // With the few bytes between them, records of a run are copied all at once.
    const shift = at - batch.start(from)
    for (let i = from; i < to; i++, index++) {
      offsets[index] = batch.offset(i)
      timestampsMs[index] = batch.timestampMs(i)
      starts[index] = batch.start(i) + shift
      isLogAppendTime[index] = batch.isLogAppendTime ? 1 : 0
    }
    at += batch.bytes.copy(bytes, at, batch.start(from), batch.end(to - 1))
  }
  return { topic, bootstrapServers, lists, memory: block }
}

/** Batches of one source are about equally large: a little more than needed serves the next ones too. */
function atLeast(byteLength: number, memory: SharedArrayBuffer): SharedArrayBuffer {
  return memory.byteLength >= byteLength ? memory : new SharedArrayBuffer(Math.ceil(byteLength * 1.25))
}

/** Makes the event that the function gets. */
export function unpack({ topic, bootstrapServers, lists, memory }: Parcel): KafkaEvent {
  const count = lists.reduce((sum, list) => sum + list.count, 0)
  const { offsets, timestampsMs, starts, isLogAppendTime, bytes } = columnsOf(memory, count)
  const event = emptyEvent(bootstrapServers)
  const fields = new RecordFields()
  let index = 0
  for (const list of lists) {
    const records = new Array(list.count)
    for (let i = 0; i < list.count; i++, index++) {
      fields.read(bytes, starts[index]!)
      records[i] = toEventRecord(
        bytes,
        fields,
        topic,
        list.partition,
        offsets[index]!,
        timestampsMs[index]!,
        isLogAppendTime[index] === 1,
      )
    }
    event.records[`${topic}-${list.partition}`] = records
  }
  return event
}
