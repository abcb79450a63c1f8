import { TickhouseError } from '../errors.ts'
import { changesOf, isUnchanged } from '../iceberg/changes.ts'
import { CommitConflict } from '../iceberg/errors.ts'
import { asOf, hasGapAfter, lineageSince } from '../iceberg/lineage.ts'
import { ancestors, currentSnapshot, type Snapshot } from '../iceberg/metadata.ts'
import { type Table, tableName } from '../iceberg/table.ts'
import type { ObjectStore } from '../ports.ts'
import type { ForeignChange } from '../tables/foreignChanges.ts'
import { kindOf } from '../tables/foreignTicks.ts'
import { carriesState } from '../tables/layout.ts'

/** The candles as they are to be gone on with. */
export interface OwnCandles {
  /** As it was before others changed rows of it: a commit on it takes that back. */
  readonly candles: Table
  /** What they did, the oldest first. */
  readonly changes: readonly ForeignChange[]
  /** True where that cannot be taken back, nor be told: every candle may be wrong. */
  readonly isLost: boolean
}

/**
 * Candles are made of ticks and of nothing else: rows that another engine has added, changed or deleted are taken back, by going
 * on from the version before. Every candle is then as it was, revision and all, and nothing of it reaches Kafka. Files that
 * were put in the place of others with the same rows stay. Where the version before is no longer listed, the table is gone on
 * with as it is.
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
 * The table before anything of others that was not looked at: all that is published lies in it. Undefined where that
 * version is no longer listed.
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

/** True where the candles were rolled back, and versions that this has undone are no longer listed: only Kafka knows of them. */
export function isForgotten(candles: Table, lookedAt: number): boolean {
  return lineageSince(candles, lookedAt).undone?.snapshots === 'unknown'
}

/**
 * Throws `CommitConflict` where others did anything to the table that was not looked at, right after a commit of ours: what
 * is taken back later must never have a change of ours above it.
 */
export function refuseForeign(candles: Table, lookedAt: number): void {
  const [first] = foreignSince([...ancestors(candles)], lookedAt)
  if (first !== undefined)
    throw new CommitConflict(
      `${tableName(candles.ident)}: snapshot ${first.snapshotId} of others came meanwhile`,
    )
}

/** Snapshots of others, the oldest first. */
function foreignSince(history: readonly Snapshot[], lookedAt: number): Snapshot[] {
  return history
    .filter(({ sequenceNumber, summary }) => sequenceNumber > lookedAt && !carriesState(summary))
    .reverse()
}

/** Undefined for what changed no row. */
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
