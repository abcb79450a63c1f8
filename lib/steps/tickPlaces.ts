import { decodeParquet } from '../iceberg/parquet.ts'
import { ParsedFiles } from '../iceberg/parsedFiles.ts'
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

const caches = new WeakMap<ObjectStore, ParsedFiles<TickPlaces>>()

/** Reads a file of the ticks table; the last ones that were read are remembered. */
export async function readPlaces(store: ObjectStore, path: string): Promise<TickPlaces> {
  const known = cacheOf(store).get(path)
  if (known) return known
  const names = ['date_time', 'kafka_epoch', 'kafka_partition', 'kafka_offset']
  const columns = await decodeParquet(await store.read(path), TICKS_SCHEMA, names)
  const places = {
    dateTimeUs: columns.date_time as number[],
    epoch: columns.kafka_epoch as number[],
    partition: columns.kafka_partition as number[],
    offset: columns.kafka_offset as bigint[],
  }
  cacheOf(store).set(path, places)
  return places
}

function cacheOf(store: ObjectStore): ParsedFiles<TickPlaces> {
  const known = caches.get(store)
  if (known) return known
  const cache = new ParsedFiles<TickPlaces>(MAX_TICKS, ({ offset }) => offset.length + 1)
  caches.set(store, cache)
  return cache
}
