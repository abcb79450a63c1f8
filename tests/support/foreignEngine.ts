import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import type { DataFile, LiveFile } from '../../lib/iceberg/dataFile.ts'
import { currentSchema } from '../../lib/iceberg/metadata.ts'
import { decodeParquet } from '../../lib/iceberg/parquet.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { ColumnValue } from '../../lib/iceberg/schema.ts'
import { type Change, stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { Table, TableIdent } from '../../lib/iceberg/table.ts'
import { encodeDataFiles } from '../../lib/iceberg/write.ts'
import type { World } from './world.ts'

export type Row = Record<string, ColumnValue>

/** What another engine does: its commits say nothing of ticks. */
export async function commitForeign(
  { catalog, services, clock }: World,
  ident: TableIdent,
  change: Pick<Change, 'add' | 'remove' | 'rewriteOf'>,
): Promise<Table> {
  const table = await catalog.loadTable(ident)
  const staged = await stageSnapshot(services.store, table, { ...change, nowMs: clock.nowMs })
  return commitSnapshot(catalog, table, staged)
}

/**
 * Puts other rows in the place of each file's, as copy-on-write engines do: `change` gives what becomes of a row, nothing where
 * it is deleted. A file whose rows all stay as they are is left alone.
 */
export async function rewriteRows(
  world: World,
  ident: TableIdent,
  change: (row: Row) => Row | undefined,
): Promise<Table> {
  const { catalog, services } = world
  const table = await catalog.loadTable(ident)
  const add: DataFile[] = []
  const remove: LiveFile[] = []
  for (const file of await planFiles(services.store, table)) {
    const rows = await rowsOf(world, table, file)
    const changed = rows.map(row => change({ ...row }))
    if (changed.every((row, i) => JSON.stringify(row, text) === JSON.stringify(rows[i], text))) continue
    remove.push(file)
    const kept = changed.filter(row => row !== undefined)
    if (kept.length > 0) add.push(...(await writeRows(world, table, kept)))
  }
  return commitForeign(world, ident, { add, remove })
}

function text(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

/** Merges files of one partition, the same rows, as `optimize` and `rewrite_data_files` do: `keepsAge` as they are told to. */
export async function mergeFiles(
  world: World,
  ident: TableIdent,
  files: readonly LiveFile[],
  keepsAge: boolean,
): Promise<Table> {
  const table = await world.catalog.loadTable(ident)
  const rows = (await Promise.all(files.map(file => rowsOf(world, table, file)))).flat()
  const add = await writeRows(world, table, rows)
  const { lastSequenceNumber } = table.metadata
  // Without a starting sequence number the new file takes that of its commit.
  const rewriteOf = keepsAge ? Math.max(...files.map(file => file.sequenceNumber)) : lastSequenceNumber + 1
  return commitForeign(world, ident, { add, remove: files, rewriteOf })
}

/** The rows of all files of a table; deletes are not applied. */
export async function rowsIn(world: World, ident: TableIdent): Promise<Row[]> {
  const table = await world.catalog.loadTable(ident)
  const files = await planFiles(world.services.store, table)
  return (await Promise.all(files.map(file => rowsOf(world, table, file)))).flat()
}

async function rowsOf({ services }: World, table: Table, { path }: LiveFile): Promise<Row[]> {
  const columns = await decodeParquet(await services.store.read(path), currentSchema(table))
  const names = Object.keys(columns)
  return columns[names[0]!]!.map((_, i) => Object.fromEntries(names.map(name => [name, columns[name]![i]!])))
}

/** A file for each partition of the rows. */
export async function writeRows(
  { services }: World,
  table: Table,
  rows: readonly Row[],
): Promise<DataFile[]> {
  const names = Object.keys(rows[0]!)
  const columns = Object.fromEntries(names.map(name => [name, rows.map(row => row[name] ?? null)]))
  const encoded = encodeDataFiles(table, columns, rows.length)
  await Promise.all(encoded.map(({ file, bytes }) => services.store.write(file.path, bytes)))
  return encoded.map(({ file }) => file)
}
