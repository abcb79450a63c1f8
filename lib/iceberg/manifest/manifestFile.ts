/** The smallest and largest value of one partition field among a manifest's files. */
export interface PartitionSummary {
  readonly containsNull: boolean
  readonly containsNan?: boolean
  readonly lower?: Uint8Array
  readonly upper?: Uint8Array
}

/** What a snapshot's manifest list says of one manifest. */
export interface ManifestFile {
  readonly path: string
  readonly length: number
  readonly specId: number
  readonly content: 'data' | 'deletes'
  /** Of the snapshot that wrote the manifest. */
  readonly sequenceNumber: number
  /** The smallest data sequence number of its live files. */
  readonly minSequenceNumber: number
  readonly addedSnapshotId: bigint
  readonly addedFiles: number
  readonly existingFiles: number
  readonly deletedFiles: number
  readonly addedRows: number
  readonly existingRows: number
  readonly deletedRows: number
  /** One for each field of the partition spec; undefined when the writer did not say. */
  readonly partitions?: readonly PartitionSummary[]
  readonly keyMetadata?: Uint8Array
}

/** How many files of a manifest are in the table. */
export function liveFiles({ addedFiles, existingFiles }: ManifestFile): number {
  return addedFiles + existingFiles
}
