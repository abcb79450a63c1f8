import { ancestors, type HasMetadata, type Snapshot } from './metadata.ts'

/** The history of a table since an inspected version, as far as the table still lists it. */
export interface Lineage {
  /** The newer ancestors of the current snapshot and that snapshot itself, the oldest first. */
  readonly since: readonly Snapshot[]
  /** True where more of them existed and are no longer listed. */
  readonly hasGap: boolean
  /** Versions that a rollback took out of the history; undefined without a rollback. */
  readonly undone: Undone | undefined
}

/** Versions that are no longer in the history. */
export interface Undone {
  /** The lowest of their sequence numbers. It concerns only readers of that version or a later one. */
  readonly from: number
  /** The undone snapshots, and those that replace them; `unknown` where the table no longer lists them all. */
  readonly snapshots: readonly Snapshot[] | 'unknown'
}

/**
 * The history of a table after the snapshot with this sequence number. Each snapshot takes the next number, so a number that is
 * missing shows an expired snapshot. Other branches do not count.
 */
export function lineageSince(table: HasMetadata, sequenceNumber: number): Lineage {
  const history = [...ancestors(table)]
  const since = history.filter(snapshot => snapshot.sequenceNumber > sequenceNumber).reverse()
  return {
    since,
    hasGap: hasGapAfter(history, sequenceNumber),
    undone: undoneSince(table, history, sequenceNumber),
  }
}

/** True where the listed history does not reach back to a sequence number: snapshots right after it may be expired. */
export function hasGapAfter(history: readonly Snapshot[], sequenceNumber: number): boolean {
  const oldest = history.at(-1)
  return oldest?.parentSnapshotId !== undefined && oldest.sequenceNumber > sequenceNumber + 1
}

function undoneSince(
  table: HasMetadata,
  history: readonly Snapshot[],
  sequenceNumber: number,
): Lineage['undone'] {
  const inHistory = new Set(history)
  const elsewhere = new Set([...history, ...branches(table)])
  const newer = table.metadata.snapshots.filter(snapshot => snapshot.sequenceNumber > sequenceNumber)
  const missing = firstMissing(newer, sequenceNumber, table.metadata.lastSequenceNumber)
  const tips = newer.filter(snapshot => !elsewhere.has(snapshot))
  const from = Math.min(missing, ...tips.map(tip => tip.sequenceNumber))
  if (missing < Number.POSITIVE_INFINITY) return { from, snapshots: 'unknown' }
  if (tips.length === 0) return undefined
  const undone = new Set<Snapshot>()
  let fork = Number.POSITIVE_INFINITY
  for (const tip of tips) {
    let last = tip
    for (last of ancestors(table, tip)) {
      if (inHistory.has(last)) break
      undone.add(last)
    }
    if (!inHistory.has(last)) return { from, snapshots: 'unknown' }
    fork = Math.min(fork, last.sequenceNumber)
  }
  for (const snapshot of history) if (snapshot.sequenceNumber > fork) undone.add(snapshot)
  return { from, snapshots: [...undone] }
}

/** The lowest sequence number above the given one that no snapshot has; infinite where none is missing. */
function firstMissing(newer: readonly Snapshot[], sequenceNumber: number, last: number): number {
  if (newer.length >= last - sequenceNumber) return Number.POSITIVE_INFINITY
  const numbers = new Set(newer.map(snapshot => snapshot.sequenceNumber))
  let missing = sequenceNumber + 1
  while (numbers.has(missing)) missing += 1
  return missing
}

function* branches(table: HasMetadata): Generator<Snapshot> {
  const byId = new Map(table.metadata.snapshots.map(snapshot => [snapshot.snapshotId, snapshot]))
  for (const [name, { snapshotId }] of Object.entries(table.metadata.refs))
    if (name !== 'main') yield* ancestors(table, byId.get(snapshotId))
}

/** The table as it was at one of its listed snapshots; a commit on it takes back all changes since. */
export function asOf<Version extends HasMetadata>(table: Version, { snapshotId }: Snapshot): Version {
  return { ...table, metadata: { ...table.metadata, currentSnapshotId: snapshotId } }
}

/** The snapshot that readers see: the head of `main`, also for a table that `asOf` gave. */
export function headOf({ metadata }: HasMetadata): Snapshot | undefined {
  const id = metadata.refs.main?.snapshotId ?? metadata.currentSnapshotId
  return metadata.snapshots.find(({ snapshotId }) => snapshotId === id)
}
