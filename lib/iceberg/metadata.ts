import { UnsupportedTable } from './errors.ts'
import type { PartitionSpec, Schema } from './schema.ts'

/** One version of a table. Ids are random positive 63-bit numbers, hence bigints. */
export interface Snapshot {
  readonly snapshotId: bigint
  readonly parentSnapshotId?: bigint
  readonly sequenceNumber: number
  readonly timestampMs: number
  readonly manifestList: string
  readonly schemaId?: number
  /** Always has `operation`; the rest is what the writer wished to carry. */
  readonly summary: Readonly<Record<string, string>>
}

/** A branch or a tag; `main` is the one that readers see. */
export interface SnapshotRef {
  readonly snapshotId: bigint
  readonly type: 'branch' | 'tag'
}

/** What tickhouse reads of a table's metadata file. */
export interface TableMetadata {
  readonly formatVersion: number
  readonly tableUuid: string
  /** Where the table's files lie, without a slash at the end. */
  readonly location: string
  readonly lastSequenceNumber: number
  readonly lastUpdatedMs: number
  readonly currentSchemaId: number
  readonly schemas: readonly Schema[]
  readonly defaultSpecId: number
  readonly partitionSpecs: readonly PartitionSpec[]
  readonly properties: Readonly<Record<string, string>>
  readonly currentSnapshotId?: bigint
  readonly snapshots: readonly Snapshot[]
  readonly refs: Readonly<Record<string, SnapshotRef>>
  /** Earlier metadata files that the catalog still lists, oldest first. */
  readonly metadataLog: readonly string[]
}

/** What the functions below need: a `Table`, or anything that holds its metadata. */
export interface HasMetadata {
  readonly metadata: TableMetadata
}

/** The snapshot that readers see, or undefined for a table that has none yet. */
export function currentSnapshot({ metadata }: HasMetadata): Snapshot | undefined {
  return metadata.snapshots.find(s => s.snapshotId === metadata.currentSnapshotId)
}

/** A snapshot (the current one by default) and its ancestors as far as the table still lists them, newest first. */
export function* ancestors(table: HasMetadata, from = currentSnapshot(table)): Generator<Snapshot> {
  const byId = new Map(table.metadata.snapshots.map(s => [s.snapshotId, s]))
  let snapshot = from
  while (snapshot) {
    yield snapshot
    snapshot = snapshot.parentSnapshotId === undefined ? undefined : byId.get(snapshot.parentSnapshotId)
  }
}

/** The schema that new rows are written with. */
export function currentSchema({ metadata }: HasMetadata): Schema {
  return schemaById(metadata, metadata.currentSchemaId)
}

/** One of the table's schemas; throws `UnsupportedTable` when it is not there. */
export function schemaById({ location, schemas }: TableMetadata, schemaId: number): Schema {
  const schema = schemas.find(s => s.schemaId === schemaId)
  if (!schema) throw new UnsupportedTable(`table ${location} has no schema ${schemaId}`)
  return schema
}

/** The partitioning that new files are written with. */
export function currentSpec({ metadata }: HasMetadata): PartitionSpec {
  return specById(metadata, metadata.defaultSpecId)
}

/** The newest schema with all source columns of a spec: others may have dropped some since. */
export function schemaOfSpec(metadata: TableMetadata, { fields }: PartitionSpec): Schema {
  const current = schemaById(metadata, metadata.currentSchemaId)
  const hasAll = (schema: Schema) =>
    fields.every(field => schema.fields.some(({ id }) => id === field.sourceId))
  return [current, ...metadata.schemas.toReversed()].find(hasAll) ?? current
}

/** One of the table's partition specs; throws `UnsupportedTable` when it is not there. */
export function specById({ location, partitionSpecs }: TableMetadata, specId: number): PartitionSpec {
  const spec = partitionSpecs.find(s => s.specId === specId)
  if (!spec) throw new UnsupportedTable(`table ${location} has no partition spec ${specId}`)
  return spec
}
