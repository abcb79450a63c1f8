import { type LiveFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import { currentSnapshot } from '../iceberg/metadata.ts'
import { decodeParquet } from '../iceberg/parquet.ts'
import { planFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import { floorTo, MINUTE_US, SECOND_US } from '../market/time.ts'
import { fieldNamed } from '../tables/layout.ts'
import { nextOffset, type OffsetVector } from '../tables/offsetVector.ts'
import { TICKS_SCHEMA } from '../tables/ticksTable.ts'
import { renderSql } from '../trino/sql.ts'
import { betweenVectors } from './betweenVectors.ts'
import type { Touch } from './chooseRound.ts'
import type { Services } from './services.ts'

type Needs = Pick<Services, 'store' | 'query' | 'settings'>

/** Up to here, reading the new files takes less time than Trino takes to plan. */
const DIRECT_MAX_ROWS = 200_000
const DIRECT_MAX_FILES = 1_000

const OFFSET = fieldNamed(TICKS_SCHEMA, 'kafka_offset')

/** The minutes of the ticks in [from, to), all of which lie in files younger than `afterSequence`. */
export async function findTouches(
  services: Needs,
  ticks: Table,
  from: OffsetVector,
  to: OffsetVector,
  afterSequence: number,
): Promise<Touch[]> {
  const keep = (file: LiveFile) => mayHoldBetween(file, from, to)
  const files = await planFiles(services.store, ticks, { minSequenceNumber: afterSequence + 1, keep })
  const rows = files.reduce((sum, file) => sum + file.recordCount, 0)
  const isSmall = rows <= DIRECT_MAX_ROWS && files.length <= DIRECT_MAX_FILES
  return isSmall ? readTouches(services, files, from, to) : askTouches(services, ticks, from, to)
}

/** A file mixes partitions, and knows only its lowest and highest offset. */
function mayHoldBetween(file: LiveFile, from: OffsetVector, to: OffsetVector): boolean {
  const low = Number(lowerBound(file, OFFSET) ?? 0)
  const high = Number(upperBound(file, OFFSET) ?? Number.POSITIVE_INFINITY)
  return to.positions.some(
    ({ partition, epoch, next }) => low < next && high >= nextOffset(from, partition, epoch),
  )
}

async function readTouches(
  { store }: Needs,
  files: readonly LiveFile[],
  from: OffsetVector,
  to: OffsetVector,
): Promise<Touch[]> {
  const touches = new Map<string, Touch>()
  for (const columns of await Promise.all(files.map(file => readPlaces(store, file)))) {
    for (const [i, timeUs] of columns.dateTimeUs.entries()) {
      const epoch = columns.epoch[i]!
      const partition = columns.partition[i]!
      const offset = Number(columns.offset[i]!)
      if (offset < nextOffset(from, partition, epoch) || offset >= nextOffset(to, partition, epoch)) continue
      const minuteUs = floorTo(timeUs, MINUTE_US)
      const key = `${epoch}/${partition}/${minuteUs}`
      const known = touches.get(key)
      if (known === undefined || offset < known.firstOffset) {
        touches.set(key, { epoch, partition, minuteUs, firstOffset: offset })
      }
    }
  }
  return [...touches.values()]
}

async function readPlaces(store: Services['store'], file: LiveFile) {
  const names = ['date_time', 'kafka_epoch', 'kafka_partition', 'kafka_offset']
  const columns = await decodeParquet(await store.read(file.path), TICKS_SCHEMA, names)
  return {
    dateTimeUs: columns.date_time as number[],
    epoch: columns.kafka_epoch as number[],
    partition: columns.kafka_partition as number[],
    offset: columns.kafka_offset as bigint[],
  }
}

interface TouchRow {
  readonly epoch: number
  readonly partition: number
  readonly minute_seconds: number
  readonly first_offset: number
}

async function askTouches(
  { query, settings }: Needs,
  ticks: Table,
  from: OffsetVector,
  to: OffsetVector,
): Promise<Touch[]> {
  const rows = await query.rows<TouchRow>(
    renderSql('touched_minutes', {
      catalog: settings.trinoCatalog,
      ticks_snapshot: String(currentSnapshot(ticks)!.snapshotId),
      between_vectors: betweenVectors(from, to),
    }),
  )
  return rows.map(row => ({
    epoch: row.epoch,
    partition: row.partition,
    minuteUs: row.minute_seconds * SECOND_US,
    firstOffset: row.first_offset,
  }))
}
