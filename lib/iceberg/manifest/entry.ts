import type { DataFile, LiveFile } from '../dataFile.ts'

/** What a manifest says of a file: carried over, new with this manifest's snapshot, or gone with it. */
export type EntryStatus = 'existing' | 'added' | 'deleted'

export interface ManifestEntry {
  readonly status: EntryStatus
  /** The snapshot that added the file or, for a deleted one, that deleted it. */
  readonly snapshotId: bigint
  /** Undefined only for a new file, which takes those of the snapshot that commits it. */
  readonly sequenceNumber?: number
  readonly fileSequenceNumber?: number
  readonly file: DataFile
}

/** A file of the table as an entry that is carried on, or deleted, under its own sequence numbers. */
export function entryOf(
  status: 'existing' | 'deleted',
  file: LiveFile,
  snapshotId = file.snapshotId,
): ManifestEntry {
  const { sequenceNumber, fileSequenceNumber } = file
  return { status, snapshotId, sequenceNumber, fileSequenceNumber, file }
}
