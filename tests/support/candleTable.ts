import { parquetWriteBuffer } from 'hyparquet-writer'
import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { parquetSchema } from '../../lib/iceberg/parquet/schemaElement.ts'
import type { PartitionSpec } from '../../lib/iceberg/schema.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import { type EncodedDataFile, encodeDataFiles } from '../../lib/iceberg/write.ts'
import type { Candle } from '../../lib/market/candle.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { candlesState, candlesSummary } from '../../lib/tables/candlesState.ts'
import { CANDLES_SCHEMA, CANDLES_TABLE, candleColumns } from '../../lib/tables/candlesTable.ts'
import type { Clock } from './world.ts'

/** Rows that become one file for each partition, in their order. */
export interface CandleFile {
  readonly rows: readonly Candle[]
  /** The rows of a row group, for a file of another engine; without it, tickhouse's own writer is used. */
  readonly groupRows?: number | undefined
}

/** The catalog and the store of a candles table. */
interface World {
  readonly catalog: Catalog
  readonly services: { readonly store: ObjectStore }
  readonly clock: Clock
}

/** Adds files with any rows to the candles table, in one commit of tickhouse. */
export async function appendCandles(
  { catalog, services: { store }, clock }: World,
  files: readonly CandleFile[],
): Promise<Table> {
  const table = await catalog.loadTable(CANDLES_TABLE)
  const encoded = files.flatMap(file => encode(table, file))
  await Promise.all(encoded.map(({ file, bytes }) => store.write(file.path, bytes)))
  const staged = await stageSnapshot(store, table, {
    add: encoded.map(({ file }) => file),
    remove: [],
    summary: candlesSummary(candlesState(table)),
    nowMs: clock.nowMs,
  })
  return commitSnapshot(catalog, table, staged)
}

/** The catalog of a candles table whose partitioning others have changed: new files are partitioned by these fields alone. */
export function partitionedBy(catalog: Catalog, fields: PartitionSpec['fields']): Catalog {
  const changed: Catalog = {
    createNamespace: name => catalog.createNamespace(name),
    createTable: (...table) => catalog.createTable(...table),
    loadTable: async ident => {
      const table = await catalog.loadTable(ident)
      const { metadata } = table
      const partitionSpecs = [...metadata.partitionSpecs, { specId: 1, fields }]
      return { ...table, metadata: { ...metadata, defaultSpecId: 1, partitionSpecs } }
    },
    commit: async (ident, requirements, updates) => {
      await catalog.commit(
        ident,
        requirements.filter(({ type }) => type !== 'assert-default-spec-id'),
        updates,
      )
      return changed.loadTable(ident)
    },
  }
  return changed
}

function encode(table: Table, { rows, groupRows }: CandleFile): EncodedDataFile[] {
  if (groupRows === undefined) return encodeDataFiles(table, candleColumns(rows), rows.length)
  // Grouped by partition, so that each file gets the rows that its description counts.
  const parts = Map.groupBy(rows, ({ timeframe, dateTimeUs }) => {
    return `${timeframe} ${new Date(dateTimeUs / 1000).toISOString().slice(0, 7)}`
  })
  return [...parts.values()].flatMap(part =>
    encodeDataFiles(table, candleColumns(part), part.length).map(own => byOthers(own, part, groupRows)),
  )
}

/** The same rows in a file of another writer: other encodings, Snappy, small pages and row groups. */
function byOthers({ file }: EncodedDataFile, rows: readonly Candle[], groupRows: number): EncodedDataFile {
  const columns = candleColumns(rows)
  const columnData = CANDLES_SCHEMA.fields.map(({ name, type }) => {
    const isLong = type === 'long' || type === 'timestamptz'
    const data = isLong ? columns[name]!.map(value => BigInt(value!)) : columns[name]!
    return { name, data }
  })
  const bytes = new Uint8Array(
    parquetWriteBuffer({
      columnData,
      schema: parquetSchema(CANDLES_SCHEMA.fields),
      rowGroupSize: groupRows,
      pageSize: 200,
    }),
  )
  const splitOffsets = Array.from({ length: Math.ceil(rows.length / groupRows) }, (_, i) => 4 + i)
  return { file: { ...file, fileSizeBytes: bytes.length, splitOffsets }, bytes }
}
