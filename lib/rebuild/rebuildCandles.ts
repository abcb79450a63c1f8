import { type LiveFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import { currentSnapshot } from '../iceberg/metadata.ts'
import { scanFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import { MINUTE_US, type Micros } from '../market/time.ts'
import type { ObjectStore } from '../ports.ts'
import { publishedRevisions, readMark } from '../publish/publishCandles.ts'
import { findHeld } from '../rollup/heldHours.ts'
import { MAX_REVISION } from '../rollup/removeUnsure.ts'
import { readCandles } from '../rollup/storedCandles.ts'
import { takeBack } from '../rollup/takeBack.ts'
import type { Services } from '../services.ts'
import { rowTimeframesOf } from '../tables/candleFiles.ts'
import { type CandlesState, NOTHING_STALE } from '../tables/candlesState.ts'
import { CANDLE_FIELDS } from '../tables/candlesTable.ts'
import type { OffsetVector } from '../tables/offsetVector.ts'

type Needs = Pick<Services, 'store' | 'topicLog' | 'settings' | 'nowMs'>

/**
 * Works out the candles' state from their rows. Revisions and stamps go on above all those of the rows and of published candles,
 * closed candles stay closed, and candles whose ticks were deleted are held. The state is right once every hour is marked as damaged.
 */
export async function rebuildCandles(
  services: Needs,
  candles: Table,
  ticks: Table,
  vector: OffsetVector,
): Promise<CandlesState> {
  const { nowMs } = services
  const mark = await readMark(services)
  const own = await takeBack(services.store, candles, NOTHING_LOOKED_AT, nowMs())
  let { revision, stampUs, closedUntilUs } = NOTHING_FOUND
  for await (const files of scanFiles(services.store, own.candles)) {
    for (const file of files) {
      const found = await extentOf(services.store, file)
      revision = Math.max(revision, found.revision)
      stampUs = Math.max(stampUs, found.stampUs)
      closedUntilUs = Math.max(closedUntilUs, found.closedUntilUs)
    }
  }
  return {
    ticksUuid: ticks.metadata.tableUuid,
    vector,
    ticksSequence: currentSnapshot(ticks)?.sequenceNumber ?? 0,
    candlesSequence: NOTHING_LOOKED_AT,
    held: await findHeld(services.store, { ticks, candles }, nowMs() * 1000),
    foreign: { stock_ticks: {}, candles: {} },
    hours: NOTHING_STALE,
    closedUntilUs,
    // Another engine may write any stamp.
    stampUs: Math.max(mark?.stampUs ?? 0, own.isLost ? Math.min(stampUs, nowMs() * 1000) : stampUs),
    revisionFloor: Math.max(revision, await publishedRevisions(services)),
    pending: [],
  }
}

/** The sequence number before all snapshots, so that rollup inspects every change of other engines. */
const NOTHING_LOOKED_AT = 0

/** The highest values among the rows of a file. */
interface Extent {
  readonly revision: number
  readonly stampUs: Micros
  /** The end of the last closed minute. */
  readonly closedUntilUs: Micros
}

const NOTHING_FOUND: Extent = { revision: 0, stampUs: 0, closedUntilUs: 0 }

/** Reads the extent from the file's bounds, or from its rows where the bounds are not enough. */
async function extentOf(store: ObjectStore, file: LiveFile): Promise<Extent> {
  const highest = upperBound(file, CANDLE_FIELDS.revision)
  const revision = Number(highest) < MAX_REVISION ? Number(highest) : undefined
  const stampUs = upperBound(file, CANDLE_FIELDS.updatedAt)
  const lastUs = upperBound(file, CANDLE_FIELDS.dateTime)
  const timeframes = rowTimeframesOf(file)
  const hasMinutes = timeframes.includes('m1')
  // In a file of several timeframes, the last candle and the open ones may be coarser than m1.
  const isEnough = timeframes.length === 1 || !hasMinutes
  if (isEnough && revision !== undefined && stampUs !== undefined && lastUs !== undefined) {
    const isClosed = hasMinutes && lowerBound(file, CANDLE_FIELDS.closed) === true
    const closedUntilUs = isClosed ? Number(lastUs) + MINUTE_US : 0
    return { revision, stampUs: Number(stampUs), closedUntilUs }
  }
  let extent = NOTHING_FOUND
  for (const row of await readCandles(store, file)) {
    const endUs = row.timeframe === 'm1' && row.closed ? row.dateTimeUs + MINUTE_US : 0
    extent = {
      revision: row.revision < MAX_REVISION ? Math.max(extent.revision, row.revision) : extent.revision,
      stampUs: Math.max(extent.stampUs, row.updatedAtUs),
      closedUntilUs: Math.max(extent.closedUntilUs, endUs),
    }
  }
  return extent
}
