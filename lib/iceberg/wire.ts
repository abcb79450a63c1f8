import type { Requirement, TableDefinition, Update } from './catalog.ts'
import { defined } from './defined.ts'
import { UnsupportedTable } from './errors.ts'
import type { Json } from './json.ts'
import type { Snapshot, SnapshotRef, TableMetadata } from './metadata.ts'
import type { Field, PartitionField, PartitionSpec, Schema } from './schema.ts'

/** A JSON object of the REST protocol or of a metadata file. */
export type WireObject = { readonly [key: string]: Json | undefined }

// The shapes are those of https://iceberg.apache.org/spec/#appendix-c-json-serialization and, for updates and
// requirements, of https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml.

/** A table's metadata file; throws `UnsupportedTable` when something that every table has is not there. */
export function metadataFromWire(json: Json | undefined): TableMetadata {
  const wire = object(json, 'table metadata')
  return {
    formatVersion: number(wire, 'format-version'),
    tableUuid: text(wire, 'table-uuid'),
    location: text(wire, 'location').replace(/\/+$/, ''),
    lastSequenceNumber: Number(wire['last-sequence-number'] ?? 0),
    lastUpdatedMs: number(wire, 'last-updated-ms'),
    currentSchemaId: number(wire, 'current-schema-id'),
    schemas: list(wire.schemas).map(schemaFromWire),
    defaultSpecId: number(wire, 'default-spec-id'),
    partitionSpecs: list(wire['partition-specs']).map(specFromWire),
    properties: texts(wire.properties),
    ...defined({ currentSnapshotId: optionalId(wire['current-snapshot-id']) }),
    snapshots: list(wire.snapshots).map(snapshotFromWire),
    refs: refsFromWire(wire.refs),
    metadataLog: list(wire['metadata-log']).map(item => text(object(item, 'metadata log'), 'metadata-file')),
  }
}

/** A schema as metadata files, the REST protocol and manifests have it. */
export function schemaToWire({ schemaId, fields }: Schema): WireObject {
  return { type: 'struct', 'schema-id': schemaId, fields: fields.map(field => ({ ...field })) }
}

function schemaFromWire(json: Json): Schema {
  const wire = object(json, 'schema')
  return {
    schemaId: Number(wire['schema-id'] ?? 0),
    fields: list(wire.fields) as unknown as readonly Field[],
  }
}

/** A partition spec's fields, as manifests have them. */
export function partitionFieldsToWire({ fields }: PartitionSpec): readonly WireObject[] {
  return fields.map(({ sourceId, fieldId, name, transform }) => ({
    'source-id': sourceId,
    'field-id': fieldId,
    name,
    transform,
  }))
}

/** A partition spec as metadata files and the REST protocol have it. */
export function specToWire(spec: PartitionSpec): WireObject {
  return { 'spec-id': spec.specId, fields: partitionFieldsToWire(spec) }
}

function specFromWire(json: Json): PartitionSpec {
  const wire = object(json, 'partition spec')
  const fields = list(wire.fields).map(item => {
    const field = object(item, 'partition field')
    return {
      sourceId: number(field, 'source-id'),
      fieldId: number(field, 'field-id'),
      name: text(field, 'name'),
      transform: text(field, 'transform') as PartitionField['transform'],
    }
  })
  return { specId: number(wire, 'spec-id'), fields }
}

/** A snapshot as metadata files and the REST protocol have it. */
export function snapshotToWire(snapshot: Snapshot): WireObject {
  return {
    'snapshot-id': snapshot.snapshotId,
    'parent-snapshot-id': snapshot.parentSnapshotId,
    'sequence-number': snapshot.sequenceNumber,
    'timestamp-ms': snapshot.timestampMs,
    'manifest-list': snapshot.manifestList,
    'schema-id': snapshot.schemaId,
    summary: snapshot.summary,
  }
}

function snapshotFromWire(json: Json): Snapshot {
  const wire = object(json, 'snapshot')
  const schemaId = wire['schema-id']
  return {
    snapshotId: id(wire, 'snapshot-id'),
    ...defined({ parentSnapshotId: optionalId(wire['parent-snapshot-id']) }),
    sequenceNumber: Number(wire['sequence-number'] ?? 0),
    timestampMs: number(wire, 'timestamp-ms'),
    manifestList: text(wire, 'manifest-list'),
    ...(schemaId === undefined || schemaId === null ? {} : { schemaId: Number(schemaId) }),
    summary: texts(wire.summary),
  }
}

function refsFromWire(json: Json | undefined): Record<string, SnapshotRef> {
  const refs: Record<string, SnapshotRef> = {}
  for (const [name, item] of Object.entries(object(json ?? {}, 'refs'))) {
    const ref = object(item, `ref ${name}`)
    refs[name] = { snapshotId: id(ref, 'snapshot-id'), type: text(ref, 'type') as SnapshotRef['type'] }
  }
  return refs
}

/** What a commit requires, as the REST protocol has it. */
export function requirementToWire(requirement: Requirement): WireObject {
  switch (requirement.type) {
    case 'assert-table-uuid':
      return { ...requirement }
    case 'assert-ref-snapshot-id':
      return { type: requirement.type, ref: requirement.ref, 'snapshot-id': requirement.snapshotId }
    case 'assert-current-schema-id':
      return { type: requirement.type, 'current-schema-id': requirement.schemaId }
    case 'assert-default-spec-id':
      return { type: requirement.type, 'default-spec-id': requirement.specId }
  }
}

/** A change of a table's metadata, as the REST protocol has it. */
export function updateToWire(update: Update): WireObject {
  switch (update.action) {
    case 'add-snapshot':
      return { action: update.action, snapshot: snapshotToWire(update.snapshot) }
    case 'set-snapshot-ref': {
      const { action, ref, type, snapshotId } = update
      return { action, 'ref-name': ref, type, 'snapshot-id': snapshotId }
    }
    case 'remove-snapshots':
      return { action: update.action, 'snapshot-ids': update.snapshotIds }
    case 'set-current-schema':
      return { action: update.action, 'schema-id': update.schemaId }
  }
}

/** The body of a request that makes a table. */
export function definitionToWire(name: string, { schema, spec, properties }: TableDefinition): WireObject {
  return {
    name,
    schema: schemaToWire(schema),
    'partition-spec': specToWire(spec),
    'write-order': { 'order-id': 0, fields: [] },
    'stage-create': false,
    properties: { 'format-version': '2', ...properties },
  }
}

/** A JSON object, or `UnsupportedTable` naming what was expected. */
export function object(json: Json | undefined, what: string): WireObject {
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    throw new UnsupportedTable(`${what}: expected a JSON object`)
  return json as WireObject
}

function list(json: Json | undefined): readonly Json[] {
  return Array.isArray(json) ? (json as readonly Json[]) : []
}

function number(wire: WireObject, key: string): number {
  const value = wire[key]
  if (typeof value !== 'number') throw new UnsupportedTable(`${key}: expected a number, got ${String(value)}`)
  return value
}

function text(wire: WireObject, key: string): string {
  const value = wire[key]
  if (typeof value !== 'string') throw new UnsupportedTable(`${key}: expected a text, got ${String(value)}`)
  return value
}

/** Checked, not copied: a table may list hundreds of snapshots. */
function texts(json: Json | undefined): Readonly<Record<string, string>> {
  const wire = object(json ?? {}, 'properties')
  for (const key in wire)
    if (typeof wire[key] !== 'string')
      throw new UnsupportedTable(`${key}: expected a text, got ${String(wire[key])}`)
  return wire as Readonly<Record<string, string>>
}

/** Ids are random: one in a thousand is small enough for JSON to give it as a number. */
function id(wire: WireObject, key: string): bigint {
  const value = optionalId(wire[key])
  if (value === undefined) throw new UnsupportedTable(`${key}: expected an id`)
  return value
}

/** Some writers say -1, some null, some nothing, where there is no snapshot. */
function optionalId(json: Json | undefined): bigint | undefined {
  const value = typeof json === 'bigint' || typeof json === 'number' ? BigInt(json) : undefined
  return value === undefined || value < 0n ? undefined : value
}
