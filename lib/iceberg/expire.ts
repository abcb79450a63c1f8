import { ancestors, type HasMetadata, type Snapshot } from './metadata.ts'

/** Which snapshots a commit takes off the table's list. Their files stay until orphans are removed. */
export interface Retention {
  /** How many snapshots of the current history stay, the new one among them. All by default. */
  readonly keepSnapshots?: number
  /** Snapshots that must stay whatever their age, with all that came after them. */
  readonly protect?: (snapshot: Snapshot) => boolean
}

/** The new snapshot and its parent, which a reader may be at. */
const leastKept = 2

/**
 * The snapshots that go when `next` is committed. The history stays without gaps from `next` back to the oldest
 * snapshot kept; branches and tags keep theirs; what was rolled back goes once it is older than the history.
 */
export function expireSnapshots(table: HasMetadata, next: Snapshot, retention: Retention): bigint[] {
  const { keepSnapshots = Number.POSITIVE_INFINITY, protect = () => false } = retention
  if (table.metadata.snapshots.length < keepSnapshots) return []
  const history = [next, ...ancestors(table)]
  const lastProtected = history.findLastIndex(protect)
  const kept = history.slice(0, Math.max(keepSnapshots, lastProtected + 1, leastKept))
  const oldest = kept.at(-1) ?? next
  const stay = new Set([...kept.map(idOf), ...Object.values(table.metadata.refs).map(idOf)])
  return table.metadata.snapshots
    .filter(snapshot => !stay.has(snapshot.snapshotId) && snapshot.sequenceNumber <= oldest.sequenceNumber)
    .filter(snapshot => !protect(snapshot))
    .map(idOf)
}

function idOf({ snapshotId }: { readonly snapshotId: bigint }): bigint {
  return snapshotId
}
