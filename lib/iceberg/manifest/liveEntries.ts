import type { LiveFile } from '../dataFile.ts'
import { InvalidRows } from '../errors.ts'
import type { ManifestEntry } from './entry.ts'

/** The files of a manifest's live entries. */
export function liveEntries(entries: readonly ManifestEntry[]): LiveFile[] {
  return entries.filter(({ status }) => status !== 'deleted').map(liveFile)
}

/** A live entry as a file; every entry that was read has its sequence numbers. */
export function liveFile({ file, snapshotId, sequenceNumber, fileSequenceNumber }: ManifestEntry): LiveFile {
  if (sequenceNumber === undefined || fileSequenceNumber === undefined)
    throw new InvalidRows(`file ${file.path} is not committed yet`)
  return { ...file, snapshotId, sequenceNumber, fileSequenceNumber }
}
