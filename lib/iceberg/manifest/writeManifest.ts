import { randomUUID } from 'node:crypto'
import type { ObjectStore } from '../../ports.ts'
import { encodeBound } from '../bounds.ts'
import { type Snapshot, schemaOfSpec, specById, type TableMetadata } from '../metadata.ts'
import type { ColumnValue, FieldType, PartitionSpec } from '../schema.ts'
import { partitionType } from '../transforms.ts'
import { compareValues } from '../values.ts'
import type { ManifestEntry } from './entry.ts'
import { contentOf, encodeManifest } from './manifest.ts'
import { manifestCacheOf } from './manifestCache.ts'
import type { ManifestFile, PartitionSummary } from './manifestFile.ts'
import { encodeManifestList } from './manifestList.ts'

/** The snapshot that manifests are written for. */
export type SnapshotIds = Pick<Snapshot, 'snapshotId' | 'parentSnapshotId' | 'sequenceNumber'>

/** A manifest on its way into the store. */
export interface StartedManifest {
  readonly manifest: ManifestFile
  /** Resolves once the store has it: no snapshot may be committed before. */
  readonly stored: Promise<void>
}

/** Writes entries of one partition spec as a manifest of the snapshot. */
export async function writeManifest(...args: Parameters<typeof startManifest>): Promise<ManifestFile> {
  const { manifest, stored } = startManifest(...args)
  await stored
  return manifest
}

/** Begins to write entries of one partition spec as a manifest of the snapshot; what a list says of it is known at once. */
export function startManifest(
  store: ObjectStore,
  metadata: TableMetadata,
  { snapshotId, sequenceNumber }: SnapshotIds,
  specId: number,
  entries: readonly ManifestEntry[],
): StartedManifest {
  const spec = specById(metadata, specId)
  const schema = schemaOfSpec(metadata, spec)
  const path = `${metadata.location}/metadata/${randomUUID()}-m0.avro`
  const bytes = encodeManifest(schema, spec, entries)
  const known = entries.map(entry => ({ sequenceNumber, fileSequenceNumber: sequenceNumber, ...entry }))
  manifestCacheOf(store).entries.set(path, known)
  const types = spec.fields.map(field => partitionType(schema, field) ?? 'int')
  const manifest: ManifestFile = {
    path,
    length: bytes.length,
    specId,
    content: contentOf(entries),
    sequenceNumber,
    minSequenceNumber: minSequenceNumber(entries, sequenceNumber),
    addedSnapshotId: snapshotId,
    ...counts(entries),
    partitions: summarize(entries, spec, types),
  }
  return { manifest, stored: store.write(path, bytes) }
}

/** Writes the manifest list of a snapshot and gives its path. */
export async function writeManifestList(
  store: ObjectStore,
  { location }: TableMetadata,
  ids: SnapshotIds,
  manifests: readonly ManifestFile[],
): Promise<string> {
  const path = `${location}/metadata/snap-${ids.snapshotId}-1-${randomUUID()}.avro`
  await store.write(path, encodeManifestList(ids, manifests))
  manifestCacheOf(store).lists.set(path, manifests)
  return path
}

function minSequenceNumber(entries: readonly ManifestEntry[], own: number): number {
  let min = own
  for (const { status, sequenceNumber } of entries)
    if (status !== 'deleted' && sequenceNumber !== undefined && sequenceNumber < min) min = sequenceNumber
  return min
}

function counts(entries: readonly ManifestEntry[]) {
  const totals = { added: [0, 0], existing: [0, 0], deleted: [0, 0] } satisfies Record<
    string,
    [number, number]
  >
  for (const { status, file } of entries) {
    totals[status][0]++
    totals[status][1] += file.recordCount
  }
  const { added, existing, deleted } = totals
  return {
    addedFiles: added[0],
    addedRows: added[1],
    existingFiles: existing[0],
    existingRows: existing[1],
    deletedFiles: deleted[0],
    deletedRows: deleted[1],
  }
}

/** Over all entries, the deleted ones too, as other writers have it: a reader may look for either. */
function summarize(
  entries: readonly ManifestEntry[],
  { fields }: PartitionSpec,
  types: readonly FieldType[],
): PartitionSummary[] {
  return fields.map(({ name }, i) => {
    const values = entries.map(entry => entry.file.partition[name] ?? null)
    return summarizeValues(values, types[i] ?? 'int')
  })
}

function summarizeValues(values: readonly ColumnValue[], type: FieldType): PartitionSummary {
  let min: ColumnValue = null
  let max: ColumnValue = null
  let containsNan = false
  for (const value of values) {
    if (value === null) continue
    if (Number.isNaN(value)) containsNan = true
    else {
      if (min === null || compareValues(value, min) < 0) min = value
      if (max === null || compareValues(value, max) > 0) max = value
    }
  }
  return {
    containsNull: values.includes(null),
    containsNan,
    ...(min === null ? {} : { lower: encodeBound(type, min) }),
    ...(max === null ? {} : { upper: encodeBound(type, max) }),
  }
}
