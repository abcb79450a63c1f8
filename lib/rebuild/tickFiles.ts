import { type LiveFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import { decodeParquet } from '../iceberg/parquet.ts'
import { scanFiles } from '../iceberg/plan.ts'
import type { Field } from '../iceberg/schema.ts'
import type { Table } from '../iceberg/table.ts'
import type { ObjectStore } from '../ports.ts'
import { fieldNamed } from '../tables/layout.ts'
import { TICKS_SCHEMA } from '../tables/ticksTable.ts'

/** Bounds of a file's column of whole numbers, both included; infinite where the file has none. */
interface Bounds {
  readonly low: number
  readonly high: number
}

/** A data file of ticks, with its bounds from the manifest. */
export interface TickFile {
  readonly path: string
  readonly rows: number
  readonly epoch: Bounds
  readonly partition: Bounds
  readonly offset: Bounds
}

/** A partition in one epoch of the topic. */
export interface LogId {
  readonly epoch: number
  readonly partition: number
}

/** Partitions, offsets and times of the ticks of one file, column by column. */
export interface KafkaPlaces {
  readonly dateTimeUs: readonly number[]
  readonly epoch: readonly number[]
  readonly partition: readonly number[]
  readonly offset: readonly bigint[]
  readonly timestampUs: readonly number[]
}

const EPOCH = fieldNamed(TICKS_SCHEMA, 'kafka_epoch')
const PARTITION = fieldNamed(TICKS_SCHEMA, 'kafka_partition')
const OFFSET = fieldNamed(TICKS_SCHEMA, 'kafka_offset')
const COLUMNS = ['date_time', 'kafka_epoch', 'kafka_partition', 'kafka_offset', 'kafka_timestamp']

/** All data files of the ticks table, with only the fields that are needed. */
export async function tickFiles(store: ObjectStore, ticks: Table): Promise<TickFile[]> {
  const found: TickFile[] = []
  for await (const files of scanFiles(store, ticks)) {
    for (const file of files) {
      found.push({
        path: file.path,
        rows: file.recordCount,
        epoch: boundsOf(file, EPOCH),
        partition: boundsOf(file, PARTITION),
        offset: boundsOf(file, OFFSET),
      })
    }
  }
  return found
}

function boundsOf(file: LiveFile, field: Field): Bounds {
  return {
    low: Number(lowerBound(file, field) ?? Number.NEGATIVE_INFINITY),
    high: Number(upperBound(file, field) ?? Number.POSITIVE_INFINITY),
  }
}

/** False when the bounds exclude rows of this partition and epoch between these offsets. */
export function mayHold(file: TickFile, { epoch, partition }: LogId, from: number, to: number): boolean {
  const within = ({ low, high }: Bounds, value: number) => low <= value && value <= high
  const isOfLog = within(file.epoch, epoch) && within(file.partition, partition)
  return isOfLog && file.offset.low < to && file.offset.high >= from
}

/** Reads five columns of one file into memory. */
export async function readPlaces(store: ObjectStore, { path }: TickFile): Promise<KafkaPlaces> {
  const columns = await decodeParquet(await store.read(path), TICKS_SCHEMA, COLUMNS)
  return {
    dateTimeUs: columns.date_time as number[],
    epoch: columns.kafka_epoch as number[],
    partition: columns.kafka_partition as number[],
    offset: columns.kafka_offset as bigint[],
    timestampUs: columns.kafka_timestamp as number[],
  }
}
