import type { ByField, DataFile, DeletesBy, Partition } from '../dataFile.ts'
import { defined } from '../defined.ts'
import { UnreadableFile } from '../errors.ts'
import { stringifyJson } from '../json.ts'
import type { ColumnValue, PartitionSpec, Schema } from '../schema.ts'
import { partitionFieldsToWire, schemaToWire } from '../wire.ts'
import { decodeAvro, encodeAvro } from './avroFile.ts'
import type { EntryStatus, ManifestEntry } from './entry.ts'
import type { ManifestFile } from './manifestFile.ts'
import { avroName, MANIFEST_NAMES, manifestSchema, partitionFieldName } from './manifestSchema.ts'
import { renameById } from './renameById.ts'

type Pairs<Value> = readonly { readonly key: number; readonly value: Value }[]
type Long = number | bigint

interface FileRecord {
  readonly content?: number
  readonly file_path: string
  readonly file_format: string
  readonly partition: Readonly<Record<string, ColumnValue>>
  readonly record_count: Long
  readonly file_size_in_bytes: Long
  readonly column_sizes?: Pairs<Long> | null
  readonly value_counts?: Pairs<Long> | null
  readonly null_value_counts?: Pairs<Long> | null
  readonly nan_value_counts?: Pairs<Long> | null
  readonly lower_bounds?: Pairs<Uint8Array> | null
  readonly upper_bounds?: Pairs<Uint8Array> | null
  readonly split_offsets?: readonly Long[] | null
  readonly equality_ids?: readonly number[] | null
  readonly sort_order_id?: number | null
  readonly key_metadata?: Uint8Array | null
  readonly referenced_data_file?: string | null
}

interface EntryRecord {
  readonly status: number
  readonly snapshot_id: Long | null
  readonly sequence_number?: Long | null
  readonly file_sequence_number?: Long | null
  readonly data_file: FileRecord
}

const STATUSES: readonly EntryStatus[] = ['existing', 'added', 'deleted']
const CONTENTS: readonly (DeletesBy | undefined)[] = [undefined, 'position', 'equality']

/** Encodes entries of one partition spec as a manifest file. All are data files, or all are delete files. */
export function encodeManifest(
  schema: Schema,
  spec: PartitionSpec,
  entries: readonly ManifestEntry[],
): Uint8Array {
  const records = entries.map(entry => entryToRecord(entry, spec))
  return encodeAvro(manifestSchema(schema, spec), records, {
    schema: stringifyJson(schemaToWire(schema)),
    'schema-id': String(schema.schemaId),
    'partition-spec': stringifyJson(partitionFieldsToWire(spec)),
    'partition-spec-id': String(spec.specId),
    'format-version': '2',
    content: contentOf(entries),
  })
}

/** The content of a manifest with these entries: data or delete files. */
export function contentOf(entries: readonly ManifestEntry[]): ManifestFile['content'] {
  return entries[0]?.file.deletesBy === undefined ? 'data' : 'deletes'
}

/** The entries of a manifest, whoever wrote it; what they inherit comes from the manifest list. Throws `UnreadableFile`. */
export function decodeManifest(
  bytes: Uint8Array,
  manifest: ManifestFile,
  spec: PartitionSpec,
): ManifestEntry[] {
  const { records } = decodeAvro(bytes, written => renameById(written, MANIFEST_NAMES))
  return (records as EntryRecord[]).map(record => entryFromRecord(record, manifest, spec))
}

function entryToRecord(
  { status, snapshotId, sequenceNumber, fileSequenceNumber, file }: ManifestEntry,
  spec: PartitionSpec,
): EntryRecord {
  return {
    status: STATUSES.indexOf(status),
    snapshot_id: snapshotId,
    sequence_number: sequenceNumber ?? null,
    file_sequence_number: fileSequenceNumber ?? null,
    data_file: fileToRecord(file, spec),
  }
}

function fileToRecord(file: DataFile, spec: PartitionSpec): FileRecord {
  return {
    content: CONTENTS.indexOf(file.deletesBy),
    file_path: file.path,
    file_format: file.format,
    partition: Object.fromEntries(
      spec.fields.map(({ name }) => [avroName(name), file.partition[name] ?? null]),
    ),
    record_count: file.recordCount,
    file_size_in_bytes: file.fileSizeBytes,
    column_sizes: toPairs(file.columnSizes, same),
    value_counts: toPairs(file.valueCounts, same),
    null_value_counts: toPairs(file.nullCounts, same),
    nan_value_counts: toPairs(file.nanCounts, same),
    lower_bounds: toPairs(file.lowerBounds, Buffer.from),
    upper_bounds: toPairs(file.upperBounds, Buffer.from),
    key_metadata: null,
    split_offsets: file.splitOffsets ?? null,
    equality_ids: file.equalityIds ?? null,
    sort_order_id: file.sortOrderId ?? null,
    referenced_data_file: file.referencedDataFile ?? null,
  }
}

function same<Value>(value: Value): Value {
  return value
}

function toPairs<From, To>(map: ByField<From> | undefined, convert: (value: From) => To): Pairs<To> | null {
  return map ? Array.from(map, ([key, value]) => ({ key, value: convert(value) })) : null
}

function entryFromRecord(record: EntryRecord, manifest: ManifestFile, spec: PartitionSpec): ManifestEntry {
  const status = STATUSES[record.status]
  if (!status) throw new UnreadableFile(`manifest ${manifest.path} has an entry of status ${record.status}`)
  // https://iceberg.apache.org/spec/#sequence-number-inheritance
  const inherited = status === 'added' ? manifest.sequenceNumber : 0
  return {
    status,
    snapshotId: BigInt(record.snapshot_id ?? manifest.addedSnapshotId),
    sequenceNumber: Number(record.sequence_number ?? inherited),
    fileSequenceNumber: Number(record.file_sequence_number ?? inherited),
    file: fileFromRecord(record.data_file, manifest, spec),
  }
}

function fileFromRecord(record: FileRecord, manifest: ManifestFile, spec: PartitionSpec): DataFile {
  if (record.key_metadata)
    throw new UnreadableFile(`manifest ${manifest.path} has encrypted files, which are not read here`)
  return {
    path: record.file_path,
    format: record.file_format.toUpperCase(),
    specId: manifest.specId,
    partition: partitionFromRecord(record.partition, spec),
    recordCount: Number(record.record_count),
    fileSizeBytes: Number(record.file_size_in_bytes),
    ...defined({
      columnSizes: mapOf(record.column_sizes, Number),
      valueCounts: mapOf(record.value_counts, Number),
      nullCounts: mapOf(record.null_value_counts, Number),
      nanCounts: mapOf(record.nan_value_counts, Number),
      lowerBounds: mapOf(record.lower_bounds, same),
      upperBounds: mapOf(record.upper_bounds, same),
      deletesBy: CONTENTS[record.content ?? 0],
      equalityIds: record.equality_ids ?? undefined,
      referencedDataFile: record.referenced_data_file ?? undefined,
      splitOffsets: record.split_offsets?.map(Number),
      sortOrderId: record.sort_order_id ?? undefined,
    }),
  }
}

function partitionFromRecord(record: FileRecord['partition'], spec: PartitionSpec): Partition {
  return Object.fromEntries(spec.fields.map(field => [field.name, record[partitionFieldName(field)] ?? null]))
}

function mapOf<From, To>(
  pairs: Pairs<From> | null | undefined,
  convert: (value: From) => To,
): ReadonlyMap<number, To> | undefined {
  return pairs ? new Map(pairs.map(({ key, value }) => [key, convert(value)])) : undefined
}
