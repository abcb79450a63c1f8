import type { RowGroup } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import { InvalidRows } from '../errors.ts'
import type { Columns, ColumnValue, Field, Schema } from '../schema.ts'
import { type Chunk, encodeChunk } from './chunk.ts'
import { gather } from './gather.ts'
import { parquetSchema } from './schemaElement.ts'
import { type ColumnStats, StatsBuilder } from './stats.ts'

/** A reader can skip a row group by its statistics, and needs to hold one column of it in memory. */
const ROW_GROUP_ROWS = 131_072

const MAGIC = new TextEncoder().encode('PAR1')

/** A whole Parquet file, and what a manifest says of it. */
export interface EncodedParquet {
  readonly bytes: Uint8Array
  readonly stats: ColumnStats
  /** Where each row group begins in the file, in bytes. */
  readonly splitOffsets: readonly number[]
}

/**
 * Rows as one Parquet file. `columns` has `rowCount` values for every field of the schema: µs since 1970 for
 * `timestamptz`, numbers or bigints for `long`. Throws `InvalidRows`, with column and row, for what does not fit.
 */
export function encodeParquet(schema: Schema, columns: Columns, rowCount: number): EncodedParquet {
  if (rowCount < 1) throw new InvalidRows('a data file needs at least one row')
  const sources = schema.fields.map(field => ({ field, column: columnOf(columns, field, rowCount) }))
  const stats = new StatsBuilder()
  const parts: Uint8Array[] = [MAGIC]
  const rowGroups: RowGroup[] = []
  let offset = MAGIC.length
  for (let start = 0; start < rowCount; start += ROW_GROUP_ROWS) {
    const end = Math.min(start + ROW_GROUP_ROWS, rowCount)
    const chunks = sources.map(({ field, column }) => {
      const gathered = gather(field, column, start, end)
      const chunk = encodeChunk(field, gathered)
      stats.add(field, gathered, chunk.size)
      return chunk
    })
    rowGroups.push(placeRowGroup(chunks, offset, end - start))
    for (const chunk of chunks) parts.push(...chunk.parts)
    offset += chunks.reduce((sum, chunk) => sum + chunk.size, 0)
  }
  parts.push(footer(schema, rowGroups, rowCount))
  return {
    bytes: Buffer.concat(parts),
    stats: stats.build(),
    splitOffsets: rowGroups.map(group => Number(group.file_offset)),
  }
}

function columnOf(columns: Columns, field: Field, rowCount: number): ArrayLike<ColumnValue> {
  const column = columns[field.name]
  if (!column) throw new InvalidRows(`column ${field.name} is not given`)
  if (column.length !== rowCount)
    throw new InvalidRows(`column ${field.name} has ${column.length} values for ${rowCount} rows`)
  return column
}

function placeRowGroup(chunks: readonly Chunk[], fileOffset: number, rows: number): RowGroup {
  let offset = fileOffset
  const columns = chunks.map(({ metadata, size }) => {
    const start = BigInt(offset)
    offset += size
    const { dictionary_page_offset: dictionary, data_page_offset: data } = metadata
    const places = dictionary === undefined ? {} : { dictionary_page_offset: dictionary + start }
    return { file_offset: start, meta_data: { ...metadata, ...places, data_page_offset: data + start } }
  })
  return {
    columns,
    total_byte_size: chunks.reduce((sum, chunk) => sum + chunk.metadata.total_uncompressed_size, 0n),
    total_compressed_size: BigInt(offset - fileOffset),
    num_rows: BigInt(rows),
    file_offset: BigInt(fileOffset),
  }
}

function footer(schema: Schema, rowGroups: RowGroup[], rowCount: number): Uint8Array {
  const writer = new ByteWriter(4096)
  writeMetadata(writer, {
    version: 2,
    created_by: 'tickhouse',
    schema: parquetSchema(schema),
    num_rows: BigInt(rowCount),
    row_groups: rowGroups,
    metadata_length: 0,
  })
  writer.appendBytes(MAGIC)
  return writer.getBytes()
}
