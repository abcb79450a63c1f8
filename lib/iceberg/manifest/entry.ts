import type { DataFile } from '../dataFile.ts'

/** What a manifest says of a file: carried over, new with this manifest's snapshot, or gone with it. */
export type EntryStatus = 'existing' | 'added' | 'deleted'

/** One line of a manifest: a file and what has become of it. */
export interface ManifestEntry {
  readonly status: EntryStatus
  /** The snapshot that added the file or, for a deleted one, that deleted it. */
  readonly snapshotId: bigint
  /** Undefined only for a new file, which takes those of the snapshot that commits it. */
  readonly sequenceNumber?: number
  readonly fileSequenceNumber?: number
  readonly file: DataFile
}
