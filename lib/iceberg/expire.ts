import { ancestors, type HasMetadata, type Snapshot } from './metadata.ts'

/** Which snapshots a commit takes off the table's list. Their files stay until orphans are removed. */
export interface Retention {
  /** How many snapshots of the current history stay, the new one among them. All by default. */
  readonly keepSnapshots?: number
}

/** The new snapshot and its parent, which a reader may be at. */
const LEAST_KEPT = 2

/**
 * The snapshots that go when `next` is committed. The history stays without gaps from `next` back to the oldest
 * snapshot kept; branches and tags keep theirs; what was rolled back goes once it is older than the history.
 */
export function expireSnapshots(
  table: HasMetadata,
  next: Snapshot,
  { keepSnapshots = Number.POSITIVE_INFINITY }: Retention,
): bigint[] {
  if (table.metadata.snapshots.length < keepSnapshots) return []
  const history = [next, ...ancestors(table)]
  const kept = history.slice(0, Math.max(keepSnapshots, LEAST_KEPT))
  const oldest = kept.at(-1) ?? next
  const stay = new Set([...kept.map(idOf), ...Object.values(table.metadata.refs).map(idOf)])
  return table.metadata.snapshots
    .filter(snapshot => !stay.has(snapshot.snapshotId) && snapshot.sequenceNumber <= oldest.sequenceNumber)
    .map(idOf)
}

function idOf({ snapshotId }: { readonly snapshotId: bigint }): bigint {
  return snapshotId
}
