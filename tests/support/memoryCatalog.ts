import { randomUUID } from 'node:crypto'
import type { Catalog, Requirement, TableDefinition, Update } from '../../lib/iceberg/catalog.ts'
import {
  CatalogRejected,
  CommitConflict,
  CommitRejected,
  SequenceTaken,
  TableMissing,
} from '../../lib/iceberg/errors.ts'
import { type Json, parseJson, stringifyJson } from '../../lib/iceberg/json.ts'
import type { Snapshot, TableMetadata } from '../../lib/iceberg/metadata.ts'
import { type Table, type TableIdent, tableName } from '../../lib/iceberg/table.ts'
import { metadataFromWire, schemaToWire, snapshotToWire, specToWire } from '../../lib/iceberg/wire.ts'

/** Readers refuse a snapshot log that steps back by more than this; so do catalogs. */
const ALLOWED_STEP_BACK_MS = 60_000

/** Iceberg's default: https://iceberg.apache.org/docs/latest/configuration/#write-properties */
const DEFAULT_PREVIOUS_VERSIONS = 100

/** A table's metadata, and the file that a real catalog would have it in. */
interface Stored {
  readonly metadataLocation: string
  readonly metadata: TableMetadata
}

/**
 * A catalog in memory, for tests: really refuses what a REST catalog refuses, and applies a commit as one step.
 * Tables are kept as they come back from JSON text: what does not survive the protocol does not survive here either.
 */
export class MemoryCatalog implements Catalog {
  readonly #namespaces = new Set<string>()
  readonly #tables = new Map<string, Stored>()
  readonly #warehouse: string
  readonly #nowMs: () => number

  constructor({ warehouse = 's3://warehouse', nowMs = Date.now } = {}) {
    this.#warehouse = warehouse
    this.#nowMs = nowMs
  }

  async createNamespace(name: string): Promise<void> {
    this.#namespaces.add(name)
  }

  async createTable(ident: TableIdent, definition: TableDefinition): Promise<Table> {
    if (!this.#namespaces.has(ident.namespace)) throw new CatalogRejected(`no namespace ${ident.namespace}`)
    if (!this.#tables.has(tableName(ident))) this.#save(ident, this.#newTable(ident, definition))
    return this.#load(ident)
  }

  async loadTable(ident: TableIdent): Promise<Table> {
    return this.#load(ident)
  }

  #load(ident: TableIdent): Table {
    const stored = this.#tables.get(tableName(ident))
    if (!stored) throw new TableMissing(`no table ${tableName(ident)}`)
    return { ident, ...stored }
  }

  /** Takes the table away, as another client may. */
  async dropTable(ident: TableIdent): Promise<void> {
    this.#tables.delete(tableName(ident))
  }

  async commit(
    ident: TableIdent,
    requirements: readonly Requirement[],
    updates: readonly Update[],
  ): Promise<Table> {
    const { metadata, metadataLocation } = this.#load(ident)
    for (const requirement of requirements) check(metadata, requirement)
    const next = updates.reduce(apply, metadata)
    const lastUpdatedMs = Math.max(next.lastUpdatedMs, this.#nowMs())
    this.#save(ident, { ...next, lastUpdatedMs, metadataLog: logged(metadata, metadataLocation) })
    return this.#load(ident)
  }

  #newTable({ namespace, name }: TableIdent, { schema, spec, properties }: TableDefinition): TableMetadata {
    return {
      formatVersion: 2,
      tableUuid: randomUUID(),
      location: `${this.#warehouse}/${namespace}/${name}`,
      lastSequenceNumber: 0,
      lastUpdatedMs: this.#nowMs(),
      currentSchemaId: schema.schemaId,
      schemas: [schema],
      defaultSpecId: spec.specId,
      partitionSpecs: [spec],
      properties,
      snapshots: [],
      refs: {},
      metadataLog: [],
    }
  }

  #save(ident: TableIdent, metadata: TableMetadata): void {
    const metadataLocation = `${metadata.location}/metadata/${randomUUID()}.metadata.json`
    const text = stringifyJson(metadataToWire(metadata))
    this.#tables.set(tableName(ident), { metadataLocation, metadata: metadataFromWire(parseJson(text)) })
  }
}

/** The metadata log with one more file, as long as the table's properties allow. */
function logged({ metadataLog, properties }: TableMetadata, metadataLocation = ''): string[] {
  const most = Number(properties['write.metadata.previous-versions-max'] ?? DEFAULT_PREVIOUS_VERSIONS)
  return [...metadataLog, metadataLocation].slice(-most)
}

function check(metadata: TableMetadata, requirement: Requirement): void {
  const [current, wanted] = compared(metadata, requirement)
  if (current !== wanted) throw new CommitConflict(`${requirement.type}: it is ${current}, not ${wanted}`)
}

function compared(metadata: TableMetadata, requirement: Requirement): [current: unknown, wanted: unknown] {
  switch (requirement.type) {
    case 'assert-table-uuid':
      return [metadata.tableUuid, requirement.uuid]
    case 'assert-ref-snapshot-id':
      return [metadata.refs[requirement.ref]?.snapshotId ?? null, requirement.snapshotId]
    case 'assert-current-schema-id':
      return [metadata.currentSchemaId, requirement.schemaId]
    case 'assert-default-spec-id':
      return [metadata.defaultSpecId, requirement.specId]
  }
}

function apply(metadata: TableMetadata, update: Update): TableMetadata {
  switch (update.action) {
    case 'add-snapshot':
      return addSnapshot(metadata, update.snapshot)
    case 'set-snapshot-ref':
      return setRef(metadata, update.ref, update.type, update.snapshotId)
    case 'remove-snapshots':
      return removeSnapshots(metadata, new Set(update.snapshotIds))
    case 'set-current-schema':
      return setSchema(metadata, update.schemaId)
  }
}

function addSnapshot(metadata: TableMetadata, snapshot: Snapshot): TableMetadata {
  if (metadata.snapshots.some(({ snapshotId }) => snapshotId === snapshot.snapshotId))
    throw new CommitRejected(`snapshot ${snapshot.snapshotId} is there already`)
  if (snapshot.sequenceNumber <= metadata.lastSequenceNumber)
    throw new SequenceTaken(
      `sequence number ${snapshot.sequenceNumber} is not above ${metadata.lastSequenceNumber}`,
    )
  if (snapshot.timestampMs < metadata.lastUpdatedMs - ALLOWED_STEP_BACK_MS)
    throw new CommitRejected(`snapshot ${snapshot.snapshotId} is older than the table's last change`)
  return {
    ...metadata,
    lastSequenceNumber: snapshot.sequenceNumber,
    lastUpdatedMs: snapshot.timestampMs,
    snapshots: [...metadata.snapshots, snapshot],
  }
}

function setRef(
  metadata: TableMetadata,
  name: string,
  type: 'branch' | 'tag',
  snapshotId: bigint,
): TableMetadata {
  if (!metadata.snapshots.some(snapshot => snapshot.snapshotId === snapshotId))
    throw new CommitRejected(`no snapshot ${snapshotId} for ${name}`)
  const current = name === 'main' ? { currentSnapshotId: snapshotId } : {}
  return { ...metadata, ...current, refs: { ...metadata.refs, [name]: { type, snapshotId } } }
}

function removeSnapshots(metadata: TableMetadata, ids: ReadonlySet<bigint>): TableMetadata {
  const held = Object.values(metadata.refs).find(({ snapshotId }) => ids.has(snapshotId))
  if (held) throw new CommitRejected(`snapshot ${held.snapshotId} is that of a branch or a tag`)
  return { ...metadata, snapshots: metadata.snapshots.filter(({ snapshotId }) => !ids.has(snapshotId)) }
}

function setSchema(metadata: TableMetadata, schemaId: number): TableMetadata {
  if (!metadata.schemas.some(schema => schema.schemaId === schemaId))
    throw new CommitRejected(`no schema ${schemaId}`)
  return { ...metadata, currentSchemaId: schemaId }
}

function metadataToWire(metadata: TableMetadata): Json {
  const refs = Object.entries(metadata.refs).map(([name, { type, snapshotId }]) => [
    name,
    { type, 'snapshot-id': snapshotId },
  ])
  return {
    'format-version': metadata.formatVersion,
    'table-uuid': metadata.tableUuid,
    location: metadata.location,
    'last-sequence-number': metadata.lastSequenceNumber,
    'last-updated-ms': metadata.lastUpdatedMs,
    'current-schema-id': metadata.currentSchemaId,
    schemas: metadata.schemas.map(schemaToWire),
    'default-spec-id': metadata.defaultSpecId,
    'partition-specs': metadata.partitionSpecs.map(specToWire),
    properties: metadata.properties,
    'current-snapshot-id': metadata.currentSnapshotId ?? -1,
    snapshots: metadata.snapshots.map(snapshotToWire),
    refs: Object.fromEntries(refs),
    'metadata-log': metadata.metadataLog.map(uri => ({ 'metadata-file': uri })),
  }
}
