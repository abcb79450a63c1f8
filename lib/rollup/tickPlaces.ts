import { decodeParquet } from '../iceberg/parquet.ts'
import { ParsedFiles, perStore } from '../iceberg/parsedFiles.ts'
import type { ObjectStore } from '../ports.ts'
import { TICKS_SCHEMA } from '../tables/ticksTable.ts'

/** Where and when the ticks of one file are, column by column. */
export interface TickPlaces {
  readonly dateTimeUs: readonly number[]
  readonly epoch: readonly number[]
  readonly partition: readonly number[]
  readonly offset: readonly bigint[]
}

/** Ticks, and files, that one process keeps: some megabytes. */
const MAX_TICKS = 50_000

const placesOf = perStore(() => new ParsedFiles<TickPlaces>(MAX_TICKS, ({ offset }) => offset.length + 1))

const COLUMNS = ['date_time', 'kafka_epoch', 'kafka_partition', 'kafka_offset']

/**
 * Reads a data file of the ticks table, with its deleted rows: these make a minute look touched, which costs time and is never
 * wrong. The files that were read last are cached.
 */
export function readPlaces(store: ObjectStore, path: string): Promise<TickPlaces> {
  return placesOf(store).getOr(path, async () => {
    const columns = await decodeParquet(await store.read(path), TICKS_SCHEMA, COLUMNS)
    return {
      dateTimeUs: columns.date_time as number[],
      epoch: columns.kafka_epoch as number[],
      partition: columns.kafka_partition as number[],
      offset: columns.kafka_offset as bigint[],
    }
  })
}
