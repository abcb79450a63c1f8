import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { CompressionCodec, SchemaElement } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import type { DataFile } from '../../lib/iceberg/dataFile.ts'
import { schemaElement } from '../../lib/iceberg/parquet/schemaElement.ts'
import type { Columns } from '../../lib/iceberg/schema.ts'
import { splitRows } from '../../lib/iceberg/splitRows.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { truncateDown, truncateUp } from '../../lib/iceberg/text.ts'
import { encodeDataFiles } from '../../lib/iceberg/write.ts'
import type { Candle } from '../../lib/market/candle.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { candlesState, candlesSummary } from '../../lib/tables/candlesState.ts'
import { CANDLES_SCHEMA, CANDLES_TABLE, candleColumns } from '../../lib/tables/candlesTable.ts'
import type { Clock } from './world.ts'

/** How some other engine writes a file of candles, and what it says of it in its manifest. */
export interface Habits {
  readonly codec: CompressionCodec
  readonly isPlain: boolean
  /** Whole milliseconds are the least that candles of the test have. */
  readonly timeUnit: 'MILLIS' | 'MICROS' | 'NANOS'
  /** Revisions as `long`, which others may widen the column to. */
  readonly isWide: boolean
  /** Places of the columns: the first ones come first. */
  readonly columnOrder: readonly number[]
  readonly hasMoreColumns: boolean
  readonly isNullable: boolean
  readonly hasStatistics: boolean
  /** Texts are cut to so many bytes in the footer, and to so many characters in the manifest. */
  readonly textLength: number
  readonly groupRows: number
  readonly pageBytes: number
  readonly splitOffsets: 'right' | 'missing' | 'none'
  /** Columns without bounds in the manifest. */
  readonly unbounded: readonly number[]
}

interface World {
  readonly catalog: Catalog
  readonly services: { readonly store: ObjectStore }
  readonly clock: Clock
}

/** Commits the rows, in their order, as a file for each partition. */
export async function appendByOthers(
  { catalog, services: { store }, clock }: World,
  rows: readonly Candle[],
  habits: Habits,
): Promise<void> {
  const table = await catalog.loadTable(CANDLES_TABLE)
  const add: DataFile[] = []
  for (const { columns, rowCount } of splitRows(table, candleColumns(rows), rows.length)) {
    const [own] = encodeDataFiles(table, columns, rowCount)
    const bytes = written(columns, rowCount, habits)
    await store.write(own!.file.path, bytes)
    add.push(described(own!.file, columns, bytes.length, habits))
  }
  const staged = await stageSnapshot(store, table, {
    ...{ add, remove: [], nowMs: clock.nowMs },
    summary: candlesSummary(candlesState(table)),
  })
  await commitSnapshot(catalog, table, staged)
}

const COMPRESSORS = {
  GZIP: (input: Uint8Array) => new Uint8Array(gzipSync(input)),
  ZSTD: (input: Uint8Array) => new Uint8Array(zstdCompressSync(input)),
}

const PER_MICRO = {
  MILLIS: (us: bigint) => us / 1000n,
  MICROS: (us: bigint) => us,
  NANOS: (us: bigint) => us * 1000n,
}

function written(columns: Columns, rowCount: number, habits: Habits): Uint8Array {
  const { codec, isPlain, timeUnit, isWide, hasStatistics, textLength, isNullable } = habits
  const own = CANDLES_SCHEMA.fields.map(field => {
    const element = {
      ...schemaElement(field),
      ...(isNullable ? { repetition_type: 'OPTIONAL' as const } : {}),
    }
    const values = Array.from(columns[field.name]!)
    if (field.type === 'timestamptz')
      return {
        element: timeElement(element, timeUnit),
        data: values.map(us => PER_MICRO[timeUnit](BigInt(us!))),
      }
    if (field.type === 'long' || (field.name === 'revision' && isWide))
      return { element: { ...element, type: 'INT64' as const }, data: values.map(value => BigInt(value!)) }
    return { element, data: values as unknown[] }
  })
  const note: SchemaElement = { name: 'note', field_id: 99, repetition_type: 'OPTIONAL', type: 'DOUBLE' }
  const more = habits.hasMoreColumns
    ? [{ element: note, data: Array.from({ length: rowCount }, (_, i) => (i % 3 ? null : i)) as unknown[] }]
    : []
  const all = [...own, ...more].map((column, i) => ({ ...column, place: habits.columnOrder[i] ?? 0 }))
  const ordered = all.toSorted((a, b) => a.place - b.place)
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: ordered.map(({ element, data }) => ({
        name: element.name,
        data,
        ...(isPlain && element.type !== 'BOOLEAN' ? { encoding: 'PLAIN' as const } : {}),
      })),
      schema: [
        { name: 'spark_schema', num_children: ordered.length },
        ...ordered.map(({ element }) => element),
      ],
      ...{ codec, compressors: COMPRESSORS, statistics: hasStatistics, statisticsTruncateLength: textLength },
      ...{ rowGroupSize: habits.groupRows, pageSize: habits.pageBytes },
    }),
  )
}

function timeElement(
  { converted_type: _, ...element }: SchemaElement,
  unit: Habits['timeUnit'],
): SchemaElement {
  return { ...element, logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit } }
}

const TEXTS = CANDLES_SCHEMA.fields.filter(({ type }) => type === 'string')

function described(file: DataFile, columns: Columns, fileSizeBytes: number, habits: Habits): DataFile {
  const lowerBounds = new Map(file.lowerBounds)
  const upperBounds = new Map(file.upperBounds)
  for (const { id, name } of TEXTS) {
    const texts = Array.from(columns[name]!, String).toSorted((a, b) =>
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
    )
    const upper = truncateUp(texts.at(-1)!, habits.textLength)
    lowerBounds.set(id, Buffer.from(truncateDown(texts[0]!, habits.textLength)))
    if (upper === undefined) upperBounds.delete(id)
    else upperBounds.set(id, Buffer.from(upper))
  }
  for (const id of habits.unbounded) for (const bounds of [lowerBounds, upperBounds]) bounds.delete(id)
  const groups = Math.ceil(file.recordCount / habits.groupRows)
  const right = Array.from({ length: groups }, (_, i) => 4 + i)
  const { splitOffsets: _, ...rest } = { ...file, fileSizeBytes, lowerBounds, upperBounds }
  if (habits.splitOffsets === 'missing') return rest
  return { ...rest, splitOffsets: habits.splitOffsets === 'right' ? right : [] }
}
