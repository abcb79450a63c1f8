import { randomBytes, randomUUID } from 'node:crypto'
import { encodeBound } from '../../lib/iceberg/bounds.ts'
import type { Catalog } from '../../lib/iceberg/catalog.ts'
import type { DataFile, LiveFile } from '../../lib/iceberg/dataFile.ts'
import { FILE_PATH_ID, POSITION_ID } from '../../lib/iceberg/deletes/positionBounds.ts'
import { currentManifests } from '../../lib/iceberg/manifest/readManifests.ts'
import { writeManifest, writeManifestList } from '../../lib/iceberg/manifest/writeManifest.ts'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { encodeParquet } from '../../lib/iceberg/parquet.ts'
import type { Schema } from '../../lib/iceberg/schema.ts'
import type { Table, TableIdent } from '../../lib/iceberg/table.ts'
import type { ObjectStore } from '../../lib/ports.ts'

const POSITION_DELETES: Schema = {
  schemaId: 0,
  fields: [
    { id: FILE_PATH_ID, name: 'file_path', type: 'string', required: true },
    { id: POSITION_ID, name: 'pos', type: 'long', required: true },
  ],
}

/** Rows of one file, by their places. */
export interface DeletedRows {
  readonly file: LiveFile
  readonly places: readonly number[]
}

/** How another engine writes what it deletes. */
export interface HowDeleted {
  /** By values in the place of places. */
  readonly byEquality?: boolean
  /** Says nothing of which files it names. */
  readonly isVague?: boolean
}

/** Commits, as another engine does it, ONE delete file of rows of one partition. */
export async function deleteRows(
  { catalog, store }: { readonly catalog: Catalog; readonly store: ObjectStore },
  ident: TableIdent,
  rows: readonly DeletedRows[],
  how: HowDeleted = {},
): Promise<Table> {
  const table = await catalog.loadTable(ident)
  const { metadata } = table
  const parent = currentSnapshot(table)!
  const ids = {
    snapshotId: BigInt.asUintN(63, randomBytes(8).readBigUInt64LE()),
    parentSnapshotId: parent.snapshotId,
    sequenceNumber: metadata.lastSequenceNumber + 1,
  }
  const file = await writeDeleteFile(store, table, rows, how)
  const entry = { status: 'added', snapshotId: ids.snapshotId, file } as const
  const manifest = await writeManifest(store, metadata, ids, file.specId, [entry])
  const manifests = [manifest, ...(await currentManifests(store, table))]
  const deleted = file.recordCount
  const snapshot = {
    ...ids,
    timestampMs: Math.max(parent.timestampMs, metadata.lastUpdatedMs),
    manifestList: await writeManifestList(store, metadata, ids, manifests),
    schemaId: metadata.currentSchemaId,
    summary: {
      operation: 'delete',
      ...plus(parent.summary, 'total-delete-files', 1),
      ...plus(parent.summary, 'total-position-deletes', how.byEquality === true ? 0 : deleted),
      ...plus(parent.summary, 'total-equality-deletes', how.byEquality === true ? deleted : 0),
      ...plus(parent.summary, 'total-files-size', file.fileSizeBytes),
      ...plus(parent.summary, 'total-records', 0),
      ...plus(parent.summary, 'total-data-files', 0),
    },
  }
  return catalog.commit(
    ident,
    [{ type: 'assert-ref-snapshot-id', ref: 'main', snapshotId: parent.snapshotId }],
    [
      { action: 'add-snapshot', snapshot },
      { action: 'set-snapshot-ref', ref: 'main', type: 'branch', snapshotId: ids.snapshotId },
    ],
  )
}

function plus(summary: Readonly<Record<string, string>>, key: string, n: number): Record<string, string> {
  return { [key]: String(Number(summary[key] ?? 0) + n) }
}

async function writeDeleteFile(
  store: ObjectStore,
  { metadata }: Table,
  rows: readonly DeletedRows[],
  { byEquality = false, isVague = false }: HowDeleted,
): Promise<DataFile> {
  const { specId, partition } = rows[0]!.file
  const named = rows.flatMap(({ file, places }) => places.map(place => ({ path: file.path, place })))
  const columns = { file_path: named.map(({ path }) => path), pos: named.map(({ place }) => place) }
  const { bytes } = encodeParquet(POSITION_DELETES, columns, named.length)
  const paths = rows.map(({ file }) => file.path).sort()
  const bound = (path: string) => new Map([[FILE_PATH_ID, encodeBound('string', path)]])
  const path = `${metadata.location}/data/${randomUUID()}.parquet`
  await store.write(path, bytes)
  return {
    path,
    deletesBy: byEquality ? 'equality' : 'position',
    ...(byEquality ? { equalityIds: [1] } : {}),
    format: 'PARQUET',
    specId,
    partition,
    recordCount: named.length,
    fileSizeBytes: bytes.length,
    ...(isVague ? {} : { lowerBounds: bound(paths[0]!), upperBounds: bound(paths.at(-1)!) }),
  }
}
