import { ancestors, type HasMetadata, type Snapshot } from './metadata.ts'

/** What has become of a table since a version that was looked at, as far as the table still lists it. */
export interface Lineage {
  /** Ancestors of the current snapshot that came since, the current one among them; the oldest first. */
  readonly since: readonly Snapshot[]
  /** True where more of them came, and are no longer listed. */
  readonly hasGap: boolean
  /**
   * Versions that have left the history, as the table was rolled back, with those that are in their place; `unknown` where
   * the table no longer lists them all. Who has seen none of them need not care.
   */
  readonly undone: readonly Snapshot[] | 'unknown'
}

/**
 * What happened to a table after the snapshot with this sequence number. Each snapshot takes the next number: so those that
 * were taken off the list are missed. Other branches are no part of it.
 */
export function lineageSince(table: HasMetadata, sequenceNumber: number): Lineage {
  const history = [...ancestors(table)]
  const since = history.filter(snapshot => snapshot.sequenceNumber > sequenceNumber).reverse()
  const hasGap = since.length === history.length && since[0]?.parentSnapshotId !== undefined
  return { since, hasGap, undone: undoneSince(table, history, sequenceNumber) }
}

function undoneSince(
  table: HasMetadata,
  history: readonly Snapshot[],
  sequenceNumber: number,
): Lineage['undone'] {
  const { snapshots, lastSequenceNumber } = table.metadata
  const newer = snapshots.filter(snapshot => snapshot.sequenceNumber > sequenceNumber)
  if (newer.length < lastSequenceNumber - sequenceNumber) return 'unknown'
  const inHistory = new Set(history)
  const onBranches = new Set(branches(table))
  const tips = newer.filter(snapshot => !inHistory.has(snapshot) && !onBranches.has(snapshot))
  const undone = new Set<Snapshot>()
  let fork = Number.POSITIVE_INFINITY
  for (const tip of tips) {
    let last = tip
    for (last of ancestors(table, tip)) {
      if (inHistory.has(last)) break
      undone.add(last)
    }
    if (!inHistory.has(last)) return 'unknown'
    fork = Math.min(fork, last.sequenceNumber)
  }
  for (const snapshot of history) if (snapshot.sequenceNumber > fork) undone.add(snapshot)
  return [...undone]
}

function* branches(table: HasMetadata): Generator<Snapshot> {
  const byId = new Map(table.metadata.snapshots.map(snapshot => [snapshot.snapshotId, snapshot]))
  for (const [name, { snapshotId }] of Object.entries(table.metadata.refs))
    if (name !== 'main') yield* ancestors(table, byId.get(snapshotId))
}

/** The table as it was at one of the snapshots that it lists; a commit on it takes back what came since. */
export function asOf<Version extends HasMetadata>(table: Version, { snapshotId }: Snapshot): Version {
  return { ...table, metadata: { ...table.metadata, currentSnapshotId: snapshotId } }
}

/** The snapshot that readers see: the current one, also of a table as it was at another. */
export function headOf({ metadata }: HasMetadata): Snapshot | undefined {
  const id = metadata.refs.main?.snapshotId ?? metadata.currentSnapshotId
  return metadata.snapshots.find(({ snapshotId }) => snapshotId === id)
}
