import { ancestors, type HasMetadata, type Snapshot } from './metadata.ts'

/** Which snapshots a commit takes off the table's list. Their files stay until orphans are removed. */
export interface Retention {
  /** How many snapshots of the current history stay, the new one among them. All by default. */
  readonly keepSnapshots?: number
  /** How far the list reaches back at least, with a few landmarks where that is further than those snapshots do. */
  readonly keepForMs?: number
}

/** The new snapshot and its parent, which a reader may be at. */
const LEAST_KEPT = 2
/** So many landmarks stay of the time that is kept, and one before it. */
const LANDMARKS = 10

/**
 * The snapshots that go when `next` is committed. The newest of the history stay without gaps, older ones as landmarks;
 * branches and tags keep theirs; what was rolled back goes as the history beside it does.
 */
export function expireSnapshots(
  table: HasMetadata,
  next: Snapshot,
  { keepSnapshots = Number.POSITIVE_INFINITY, keepForMs = 0 }: Retention,
): bigint[] {
  if (table.metadata.snapshots.length < keepSnapshots) return []
  const history = [next, ...ancestors(table)]
  const newest = history.slice(0, Math.max(keepSnapshots, LEAST_KEPT))
  const oldest = newest.at(-1) ?? next
  const kept = new Set(newest)
  const older = table.metadata.snapshots.filter(
    snapshot => !kept.has(snapshot) && snapshot.sequenceNumber <= oldest.sequenceNumber,
  )
  const sinceMs = next.timestampMs - keepForMs
  const stay = new Set([
    ...(oldest.timestampMs > sinceMs ? landmarks(older, sinceMs, keepForMs / LANDMARKS) : []).map(idOf),
    ...Object.values(table.metadata.refs).map(idOf),
  ])
  return older.map(idOf).filter(id => !stay.has(id))
}

/** The first snapshot of each stretch of time, back to the newest one that is not after `sinceMs`. */
function landmarks(snapshots: readonly Snapshot[], sinceMs: number, stretchMs: number): Snapshot[] {
  const bySequence = snapshots.toSorted((a, b) => a.sequenceNumber - b.sequenceNumber)
  const firsts = new Map<number, Snapshot>()
  for (const snapshot of bySequence) {
    const stretch = Math.floor(snapshot.timestampMs / stretchMs)
    if (!firsts.has(stretch)) firsts.set(stretch, snapshot)
  }
  const all = [...firsts.values()]
  const earliest = all.findLastIndex(({ timestampMs }) => timestampMs <= sinceMs)
  return all.slice(Math.max(0, earliest))
}

function idOf({ snapshotId }: { readonly snapshotId: bigint }): bigint {
  return snapshotId
}
