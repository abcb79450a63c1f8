import { InvalidRows } from '../iceberg/errors.ts'
import type { ObjectStore } from '../ports.ts'
import { advance, EMPTY_VECTOR, type OffsetVector, type Position } from '../tables/offsetVector.ts'
import { type KafkaPlaces, type LogId, readPlaces, type TickFile } from './tickFiles.ts'

/** A partition with a thousand records a second reaches this offset in 30 years. */
const MAX_OFFSET = 2 ** 40
/** If a file's bounds allow more partitions than this, the file is read instead of checking each of them. */
const MAX_LOGS = 10_000

/**
 * The vector with, for each partition and epoch that has a row, the offset after the highest one. Files are read from the highest
 * offsets down, and only those that may have a higher one than was found. Throws `InvalidRows` for an impossible offset.
 */
export async function findEnds(
  store: ObjectStore,
  files: readonly TickFile[],
  onProgress: (line: string) => void,
): Promise<OffsetVector> {
  const ends = new Map<string, Position>()
  const byOffset = files.toSorted((a, b) => (a.offset.high < b.offset.high ? 1 : -1))
  for (const [i, file] of byOffset.entries()) {
    if (!mayGoFurther(file, ends)) continue
    goFurther(ends, file, await readPlaces(store, file))
    onProgress(`the ends of the logs: ${i + 1} of ${files.length} files`)
  }
  const positions = [...ends.values()]
  const epoch = positions.reduce((newest, position) => Math.max(newest, position.epoch), EMPTY_VECTOR.epoch)
  return advance({ ...EMPTY_VECTOR, epoch }, positions)
}

function mayGoFurther(file: TickFile, ends: ReadonlyMap<string, Position>): boolean {
  const { epoch, partition, offset } = file
  const logs = (epoch.high - epoch.low + 1) * (partition.high - partition.low + 1)
  if (!(logs <= MAX_LOGS)) return true
  for (let e = epoch.low; e <= epoch.high; e++) {
    for (let p = partition.low; p <= partition.high; p++) {
      const end = ends.get(keyOf({ epoch: e, partition: p }))
      if (end === undefined || offset.high >= end.next) return true
    }
  }
  return false
}

function goFurther(ends: Map<string, Position>, { path }: TickFile, places: KafkaPlaces): void {
  for (let i = 0; i < places.offset.length; i++) {
    const log = { epoch: places.epoch[i]!, partition: places.partition[i]! }
    const next = Number(places.offset[i]!) + 1
    if (Math.min(log.epoch, log.partition, next - 1) < 0 || next > MAX_OFFSET)
      throw noKafkaPlace(path, log, next)
    const key = keyOf(log)
    if (next <= (ends.get(key)?.next ?? 0)) continue
    ends.set(key, { ...log, next, timestampMs: places.timestampUs[i]! / 1000 })
  }
}

/** Another engine inserted the row: rows of ingest have the partition and offset of a record. */
function noKafkaPlace(path: string, { epoch, partition }: LogId, next: number): InvalidRows {
  return new InvalidRows(
    `a row in ${path} says that it was at offset ${next - 1} of partition ${partition} in epoch ${epoch}, which is nowhere on Kafka: delete that row, and run this again`,
  )
}

/** A text that identifies a partition in an epoch. */
export function keyOf({ epoch, partition }: LogId): string {
  return `${epoch}/${partition}`
}
