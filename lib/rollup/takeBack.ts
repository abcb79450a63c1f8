import { TickhouseError } from '../errors.ts'
import { changesOf, isUnchanged } from '../iceberg/changes.ts'
import { CommitConflict } from '../iceberg/errors.ts'
import { asOf, hasGapAfter } from '../iceberg/lineage.ts'
import { ancestors, currentSnapshot, type Snapshot } from '../iceberg/metadata.ts'
import { type Table, tableName } from '../iceberg/table.ts'
import type { ObjectStore } from '../ports.ts'
import type { ForeignChange } from '../tables/foreignChanges.ts'
import { kindOf } from '../tables/foreignTicks.ts'
import { carriesState } from '../tables/layout.ts'

/** The candles table as the next commit has to continue it. */
export interface OwnCandles {
  /** The table before others changed its rows: a commit on this version takes their changes back. */
  readonly candles: Table
  /** The changes of others, the oldest first. */
  readonly changes: readonly ForeignChange[]
  /** True where the version before the changes is gone: nothing can be taken back, and every candle may be wrong. */
  readonly isLost: boolean
}

/**
 * Finds the version from which the candles continue, as candles are made of ticks alone. Where another engine added, changed or
 * deleted rows, that is the version before the change: every candle is then as it was, with its revision, and the change does
 * not reach Kafka. A rewrite of files with the same rows stays. Where the version before is no longer listed, the current
 * version is continued.
 */
export async function takeBack(
  store: ObjectStore,
  candles: Table,
  lookedAt: number,
  seenMs: number,
): Promise<OwnCandles> {
  if ((currentSnapshot(candles)?.sequenceNumber ?? 0) <= lookedAt)
    return { candles, changes: [], isLost: false }
  const history = [...ancestors(candles)]
  if (hasGapAfter(history, lookedAt))
    return { candles, changes: [unknownChange(candles, seenMs)], isLost: true }
  const changes: ForeignChange[] = []
  let first: Snapshot | undefined
  for (const snapshot of foreignSince(history, lookedAt)) {
    const kind = await kindOfChange(store, candles, snapshot)
    if (kind === undefined) continue
    first ??= snapshot
    changes.push({
      sequence: snapshot.sequenceNumber,
      seenMs,
      kinds: { [kind]: 1 },
      snapshotId: String(snapshot.snapshotId),
      operation: snapshot.summary.operation,
      hours: 'all',
    })
  }
  if (first === undefined) return { candles, changes, isLost: false }
  const before = versionBefore(candles, history, first)
  return { candles: before ?? candles, changes, isLost: before === undefined }
}

/**
 * The table before the first foreign snapshot that was not inspected. `publish` reads candles from this version only. Undefined
 * where it is no longer listed.
 */
export function publishable(candles: Table, lookedAt: number): Table | undefined {
  const history = [...ancestors(candles)]
  const [first] = foreignSince(history, lookedAt)
  return first === undefined ? candles : versionBefore(candles, history, first)
}

function versionBefore(candles: Table, history: readonly Snapshot[], snapshot: Snapshot): Table | undefined {
  const before = history[history.indexOf(snapshot) + 1]
  return before && asOf(candles, before)
}

/**
 * Throws `CommitConflict` where the table has a foreign snapshot that was not inspected. Our commit must not be built on such a
 * snapshot: to take the snapshot back later would lose our commit.
 */
export function refuseForeign(candles: Table, lookedAt: number): void {
  const [first] = foreignSince([...ancestors(candles)], lookedAt)
  if (first !== undefined)
    throw new CommitConflict(
      `${tableName(candles.ident)}: snapshot ${first.snapshotId} of others came meanwhile`,
    )
}

/** Snapshots of other engines above the sequence number, the oldest first. */
function foreignSince(history: readonly Snapshot[], lookedAt: number): Snapshot[] {
  return history
    .filter(({ sequenceNumber, summary }) => sequenceNumber > lookedAt && !carriesState(summary))
    .reverse()
}

/** Undefined for a snapshot that changed no row. */
async function kindOfChange(store: ObjectStore, candles: Table, snapshot: Snapshot) {
  try {
    const changes = await changesOf(store, candles, snapshot)
    return isUnchanged(changes) ? undefined : kindOf(changes)
  } catch (error) {
    if (!(error instanceof TickhouseError) || error.retryable) throw error
    return 'unknown' as const
  }
}

function unknownChange({ metadata }: Table, seenMs: number): ForeignChange {
  return { sequence: metadata.lastSequenceNumber, seenMs, kinds: { unknown: 1 }, hours: 'all' }
}
