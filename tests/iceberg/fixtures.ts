import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import type { Columns, Field, FieldType, PartitionSpec, Schema } from '../../lib/iceberg/schema.ts'
import { type Change, stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { Table, TableIdent } from '../../lib/iceberg/table.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { MemoryCatalog } from '../support/memoryCatalog.ts'
import { MemoryStore } from '../support/memoryStore.ts'

/** 2025-03-20 00:00 UTC. */
export const dayStartUs = 1_742_428_800_000_000
export const usPerDay = 86_400_000_000

function field(id: number, name: string, type: FieldType, required = true): Field {
  return { id, name, type, required }
}

/** One column of every type, required and optional. */
export const readingsSchema: Schema = {
  schemaId: 0,
  fields: [
    field(1, 'symbol', 'string'),
    field(2, 'value', 'double'),
    field(3, 'good', 'boolean', false),
    field(4, 'serial', 'long'),
    field(5, 'date_time', 'timestamptz'),
    field(6, 'level', 'int', false),
    field(7, 'note', 'string', false),
  ],
}

export const readingsSpec: PartitionSpec = {
  specId: 0,
  fields: [
    { sourceId: 1, fieldId: 1000, name: 'symbol', transform: 'identity' },
    { sourceId: 5, fieldId: 1001, name: 'date_time_day', transform: 'day' },
  ],
}

export interface Readings {
  readonly symbol?: string
  readonly day?: number
  readonly rows?: number
  readonly from?: number
}

/** Rows of one symbol and day; `serial` counts up from `from`. */
export function readings({ symbol = 'north', day = 0, rows = 3, from = 0 }: Readings = {}): Columns {
  const make = <Value>(value: (i: number) => Value) => Array.from({ length: rows }, (_, i) => value(i))
  return {
    symbol: make(() => symbol),
    value: Float64Array.from({ length: rows }, (_, i) => (from + i) / 8),
    good: make(i => (i % 3 === 2 ? null : i % 3 === 0)),
    serial: make(i => from + i),
    date_time: make(i => dayStartUs + day * usPerDay + i),
    level: make(i => (i % 2 === 0 ? i : null)),
    note: make(() => null),
  }
}

/** A world with one table and what tests do to it. */
export interface World {
  readonly catalog: Catalog
  readonly store: ObjectStore
  readonly ident: TableIdent
  load(): Promise<Table>
  file(of?: Readings): ReturnType<typeof writeDataFile>
  commit(change: Partial<Change>, retention?: Parameters<typeof stageSnapshot>[3]): Promise<Table>
}

/** A fresh table of readings, in memory unless servers are given. */
export async function openWorld({
  catalog = new MemoryCatalog(),
  store = new MemoryStore(),
  ident = { namespace: 'weather', name: 'readings' },
  properties = {},
}: {
  catalog?: Catalog
  store?: ObjectStore
  ident?: TableIdent
  properties?: Record<string, string>
} = {}): Promise<World> {
  await catalog.createNamespace(ident.namespace)
  await catalog.createTable(ident, { schema: readingsSchema, spec: readingsSpec, properties })
  const load = () => catalog.loadTable(ident)
  return {
    catalog,
    store,
    ident,
    load,
    file: async of => {
      const columns = readings(of)
      return writeDataFile(store, await load(), columns, columns.symbol?.length ?? 0)
    },
    commit: async (change, retention) => {
      const table = await load()
      const staged = await stageSnapshot(store, table, { add: [], nowMs: Date.now(), ...change }, retention)
      return commitSnapshot(catalog, table, staged)
    },
  }
}
