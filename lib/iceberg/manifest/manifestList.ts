import { defined } from '../defined.ts'
import type { Snapshot } from '../metadata.ts'
import { type AvroSchema, decodeAvro, encodeAvro } from './avroFile.ts'
import type { ManifestFile, PartitionSummary } from './manifestFile.ts'
import { namesById, optional, renameById } from './renameById.ts'

// https://iceberg.apache.org/spec/#manifest-lists
const SCHEMA: AvroSchema = {
  type: 'record',
  name: 'manifest_file',
  fields: [
    { name: 'manifest_path', type: 'string', 'field-id': 500 },
    { name: 'manifest_length', type: 'long', 'field-id': 501 },
    { name: 'partition_spec_id', type: 'int', 'field-id': 502 },
    { name: 'content', type: 'int', 'field-id': 517 },
    { name: 'sequence_number', type: 'long', 'field-id': 515 },
    { name: 'min_sequence_number', type: 'long', 'field-id': 516 },
    { name: 'added_snapshot_id', type: 'long', 'field-id': 503 },
    { name: 'added_files_count', type: 'int', 'field-id': 504 },
    { name: 'existing_files_count', type: 'int', 'field-id': 505 },
    { name: 'deleted_files_count', type: 'int', 'field-id': 506 },
    { name: 'added_rows_count', type: 'long', 'field-id': 512 },
    { name: 'existing_rows_count', type: 'long', 'field-id': 513 },
    { name: 'deleted_rows_count', type: 'long', 'field-id': 514 },
    {
      name: 'partitions',
      'field-id': 507,
      ...optional({
        type: 'array',
        'element-id': 508,
        items: {
          type: 'record',
          name: 'r508',
          fields: [
            { name: 'contains_null', type: 'boolean', 'field-id': 509 },
            { name: 'contains_nan', 'field-id': 518, ...optional('boolean') },
            { name: 'lower_bound', 'field-id': 510, ...optional('bytes') },
            { name: 'upper_bound', 'field-id': 511, ...optional('bytes') },
          ],
        },
      }),
    },
    { name: 'key_metadata', 'field-id': 519, ...optional('bytes') },
  ],
}

/** Other writers have other names for some fields. */
const NAMES = namesById(SCHEMA)

interface SummaryRecord {
  readonly contains_null: boolean
  readonly contains_nan?: boolean | null
  readonly lower_bound?: Uint8Array | null
  readonly upper_bound?: Uint8Array | null
}

interface ManifestRecord {
  readonly manifest_path: string
  readonly manifest_length: number
  readonly partition_spec_id: number
  readonly content?: number
  readonly sequence_number?: number
  readonly min_sequence_number?: number
  readonly added_snapshot_id: number | bigint
  readonly added_files_count: number
  readonly existing_files_count: number
  readonly deleted_files_count: number
  readonly added_rows_count: number
  readonly existing_rows_count: number
  readonly deleted_rows_count: number
  readonly partitions?: readonly SummaryRecord[] | null
  readonly key_metadata?: Uint8Array | null
}

/** The manifests of a snapshot as the file that it points to. */
export function encodeManifestList(
  {
    snapshotId,
    parentSnapshotId,
    sequenceNumber,
  }: Pick<Snapshot, 'snapshotId' | 'parentSnapshotId' | 'sequenceNumber'>,
  manifests: readonly ManifestFile[],
): Uint8Array {
  return encodeAvro(SCHEMA, manifests.map(toRecord), {
    'snapshot-id': String(snapshotId),
    'parent-snapshot-id': String(parentSnapshotId ?? null),
    'sequence-number': String(sequenceNumber),
    'format-version': '2',
  })
}

/** The manifests of a snapshot, whoever wrote the list. Throws `UnreadableFile`. */
export function decodeManifestList(bytes: Uint8Array): ManifestFile[] {
  const { records } = decodeAvro(bytes, written => renameById(written, NAMES))
  return (records as ManifestRecord[]).map(fromRecord)
}

function toRecord(manifest: ManifestFile): ManifestRecord {
  return {
    manifest_path: manifest.path,
    manifest_length: manifest.length,
    partition_spec_id: manifest.specId,
    content: manifest.content === 'data' ? 0 : 1,
    sequence_number: manifest.sequenceNumber,
    min_sequence_number: manifest.minSequenceNumber,
    added_snapshot_id: manifest.addedSnapshotId,
    added_files_count: manifest.addedFiles,
    existing_files_count: manifest.existingFiles,
    deleted_files_count: manifest.deletedFiles,
    added_rows_count: manifest.addedRows,
    existing_rows_count: manifest.existingRows,
    deleted_rows_count: manifest.deletedRows,
    partitions: manifest.partitions?.map(summaryToRecord) ?? null,
    key_metadata: manifest.keyMetadata ? Buffer.from(manifest.keyMetadata) : null,
  }
}

function summaryToRecord({ containsNull, containsNan, lower, upper }: PartitionSummary): SummaryRecord {
  return {
    contains_null: containsNull,
    contains_nan: containsNan ?? null,
    lower_bound: lower ? Buffer.from(lower) : null,
    upper_bound: upper ? Buffer.from(upper) : null,
  }
}

function fromRecord(record: ManifestRecord): ManifestFile {
  return {
    path: record.manifest_path,
    length: record.manifest_length,
    specId: record.partition_spec_id,
    content: record.content === 1 ? 'deletes' : 'data',
    sequenceNumber: record.sequence_number ?? 0,
    minSequenceNumber: record.min_sequence_number ?? 0,
    addedSnapshotId: BigInt(record.added_snapshot_id),
    addedFiles: record.added_files_count,
    existingFiles: record.existing_files_count,
    deletedFiles: record.deleted_files_count,
    addedRows: record.added_rows_count,
    existingRows: record.existing_rows_count,
    deletedRows: record.deleted_rows_count,
    ...defined({
      partitions: record.partitions?.map(summaryFromRecord),
      keyMetadata: record.key_metadata ?? undefined,
    }),
  }
}

function summaryFromRecord(record: SummaryRecord): PartitionSummary {
  return {
    containsNull: record.contains_null,
    ...defined({
      containsNan: record.contains_nan ?? undefined,
      lower: record.lower_bound ?? undefined,
      upper: record.upper_bound ?? undefined,
    }),
  }
}
