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
export const ROW_GROUP_ROWS = 131_072

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
export function encodeParquet(
  schema: Schema,
  columns: Columns,
  rowCount: number,
  rowGroupRows = ROW_GROUP_ROWS,
): EncodedParquet {
  const encoder = new ParquetEncoder(rowCount, rowGroupRows)
  for (const field of schema.fields) {
    const column = columns[field.name]
    if (!column) throw new InvalidRows(`column ${field.name} is not given`)
    encoder.add(field, column)
  }
  return encoder.end()
}

/** Encodes a Parquet file column by column, so that only one column is in memory. Throws what `encodeParquet` throws. */
export class ParquetEncoder {
  readonly #rowCount: number
  readonly #rowGroupRows: number
  readonly #fields: Field[] = []
  /** By row group, one chunk for each column. */
  readonly #rowGroups: Chunk[][]
  readonly #stats = new StatsBuilder()

  constructor(rowCount: number, rowGroupRows: number) {
    if (rowCount < 1) throw new InvalidRows('a data file needs at least one row')
    this.#rowCount = rowCount
    this.#rowGroupRows = rowGroupRows
    this.#rowGroups = Array.from({ length: Math.ceil(rowCount / rowGroupRows) }, () => [])
  }

  add(field: Field, column: ArrayLike<ColumnValue>): void {
    if (column.length !== this.#rowCount)
      throw new InvalidRows(`column ${field.name} has ${column.length} values for ${this.#rowCount} rows`)
    this.#fields.push(field)
    for (const [i, chunks] of this.#rowGroups.entries()) {
      const start = i * this.#rowGroupRows
      const gathered = gather(field, column, start, Math.min(start + this.#rowGroupRows, this.#rowCount))
      const chunk = encodeChunk(field, gathered)
      this.#stats.add(field, gathered, chunk.size)
      chunks.push(chunk)
    }
  }

  end(): EncodedParquet {
    const parts: Uint8Array[] = [MAGIC]
    const rowGroups: RowGroup[] = []
    let offset = MAGIC.length
    for (const [i, chunks] of this.#rowGroups.entries()) {
      const rows = Math.min(this.#rowGroupRows, this.#rowCount - i * this.#rowGroupRows)
      rowGroups.push(placeRowGroup(chunks, offset, rows))
      for (const chunk of chunks) parts.push(...chunk.parts)
      offset += chunks.reduce((sum, chunk) => sum + chunk.size, 0)
    }
    parts.push(footer(this.#fields, rowGroups, this.#rowCount))
    return {
      bytes: Buffer.concat(parts),
      stats: this.#stats.build(),
      splitOffsets: rowGroups.map(group => Number(group.file_offset)),
    }
  }
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

function footer(fields: readonly Field[], rowGroups: RowGroup[], rowCount: number): Uint8Array {
  const writer = new ByteWriter(4096)
  writeMetadata(writer, {
    version: 2,
    created_by: 'tickhouse',
    schema: parquetSchema(fields),
    num_rows: BigInt(rowCount),
    row_groups: rowGroups,
    metadata_length: 0,
  })
  writer.appendBytes(MAGIC)
  return writer.getBytes()
}
