import { zstdCompressSync } from 'node:zlib'
import type { ColumnMetaData, CompressionCodec, Encoding, PageHeader } from 'hyparquet/src/types.js'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import type { Field } from '../schema.ts'
import { type Dictionary, textDictionary, wordDictionary } from './dictionary.ts'
import type { Gathered, PhysicalValues } from './gather.ts'
import { bitWidthOf, encodeHybrid } from './hybrid.ts'
import { plainBits, plainTexts, plainWords } from './plain.ts'
import { schemaElement } from './schemaElement.ts'

/** Rows per page, as parquet-java has it: small enough to skip, large enough to compress. */
const PAGE_ROWS = 20_000

/** Below this, zstd's start costs more than it saves. */
const SMALLEST_COMPRESSED = 256

/** One column's bytes in a row group, and what the footer says of them (offsets from the chunk's start). */
export interface Chunk {
  readonly parts: readonly Uint8Array[]
  readonly size: number
  readonly metadata: ColumnMetaData
}

interface RawPage {
  readonly body: Uint8Array
  readonly header: Omit<PageHeader, 'uncompressed_page_size' | 'compressed_page_size'>
}

/**
 * Encodes a column: data pages of version 1, PLAIN or RLE_DICTIONARY, zstd. Delta encodings are smaller still, but
 * only the newest of Iceberg's vectorized readers take them: https://github.com/apache/iceberg/issues/7162
 */
export function encodeChunk(field: Field, gathered: Gathered): Chunk {
  const dictionary = dictionaryOf(gathered.values)
  const encoding: Encoding = dictionary ? 'RLE_DICTIONARY' : 'PLAIN'
  const valuesOf = dictionary ? indexPages(dictionary) : plainPages(gathered.values)
  const pages = [
    ...(dictionary ? [dictionaryPage(dictionary)] : []),
    ...dataPages(field, gathered, encoding, valuesOf),
  ]
  const rawSize = pages.reduce((sum, page) => sum + page.body.length, 0)
  const codec: CompressionCodec = rawSize < SMALLEST_COMPRESSED ? 'UNCOMPRESSED' : 'ZSTD'
  const written = pages.map(page => writePage(page, codec))
  const size = sum(written, page => page.size)
  const dictionarySize = dictionary ? (written[0]?.size ?? 0) : 0
  return {
    parts: written.flatMap(page => page.parts),
    size,
    metadata: {
      type: schemaElement(field).type ?? 'BYTE_ARRAY',
      encodings: dictionary ? ['RLE', 'PLAIN', encoding] : ['RLE', 'PLAIN'],
      path_in_schema: [field.name],
      codec,
      num_values: BigInt(gathered.count + gathered.nullCount),
      total_uncompressed_size: BigInt(sum(written, page => page.rawSize)),
      total_compressed_size: BigInt(size),
      data_page_offset: BigInt(dictionarySize),
      ...(dictionary ? { dictionary_page_offset: 0n } : {}),
      statistics: statisticsOf(gathered),
    },
  }
}

function sum<Item>(items: readonly Item[], size: (item: Item) => number): number {
  return items.reduce((total, item) => total + size(item), 0)
}

function statisticsOf({ min, max, nullCount }: Gathered): NonNullable<ColumnMetaData['statistics']> {
  const bounds = min === undefined || max === undefined ? {} : { min_value: min, max_value: max }
  return { ...bounds, null_count: BigInt(nullCount) }
}

interface AnyDictionary extends Dictionary<unknown> {
  readonly page: Uint8Array
}

function dictionaryOf(values: PhysicalValues): AnyDictionary | undefined {
  if (values.kind === 'texts') {
    const dictionary = textDictionary(values.texts)
    return dictionary && { ...dictionary, page: plainTexts(dictionary.entries) }
  }
  if (values.kind === 'words') {
    const dictionary = wordDictionary(values.words, values.width)
    return dictionary && { ...dictionary, page: plainWords(dictionary.entries) }
  }
  return undefined
}

function dictionaryPage({ page, entryCount }: AnyDictionary): RawPage {
  return {
    body: page,
    header: {
      type: 'DICTIONARY_PAGE',
      dictionary_page_header: { num_values: entryCount, encoding: 'PLAIN' },
    },
  }
}

/** Encodes the values from one place to another; places count values that are not null. */
type ValueEncoder = (from: number, to: number) => Uint8Array

function indexPages({ indexes, entryCount }: AnyDictionary): ValueEncoder {
  const bitWidth = bitWidthOf(entryCount - 1)
  return (from, to) => Buffer.concat([Uint8Array.of(bitWidth), encodeHybrid(indexes, from, to, bitWidth)])
}

function plainPages(values: PhysicalValues): ValueEncoder {
  switch (values.kind) {
    case 'texts':
      return (from, to) => plainTexts(values.texts.slice(from, to))
    case 'words':
      return (from, to) => plainWords(values.words.subarray(from * values.width, to * values.width))
    case 'bits':
      return (from, to) => plainBits(values.bits.subarray(from, to))
  }
}

function dataPages(
  field: Field,
  { count, nullCount, present }: Gathered,
  encoding: Encoding,
  valuesOf: ValueEncoder,
): RawPage[] {
  const pages: RawPage[] = []
  const rows = count + nullCount
  let from = 0
  for (let start = 0; start < rows; start += PAGE_ROWS) {
    const end = Math.min(start + PAGE_ROWS, rows)
    const to = from + (present ? countPresent(present, start, end) : end - start)
    const levels = field.required ? [] : definitionLevels(present, start, end)
    pages.push({
      body: Buffer.concat([...levels, valuesOf(from, to)]),
      header: {
        type: 'DATA_PAGE',
        data_page_header: {
          num_values: end - start,
          encoding,
          definition_level_encoding: 'RLE',
          repetition_level_encoding: 'RLE',
        },
      },
    })
    from = to
  }
  return pages
}

function countPresent(present: Uint8Array, start: number, end: number): number {
  let count = 0
  for (let i = start; i < end; i++) count += present[i] ?? 0
  return count
}

/** 1 for a value, 0 for null, with their length in bytes in front. */
function definitionLevels(present: Uint8Array | undefined, start: number, end: number): Uint8Array[] {
  const levels = present
    ? encodeHybrid(present, start, end, 1)
    : encodeHybrid(new Uint8Array(end - start).fill(1), 0, end - start, 1)
  return [new Uint8Array(Uint32Array.of(levels.length).buffer), levels]
}

function writePage({ body, header }: RawPage, codec: CompressionCodec) {
  const compressed = codec === 'ZSTD' ? zstdCompressSync(body) : body
  const writer = new ByteWriter(64)
  writePageHeader(writer, {
    ...header,
    uncompressed_page_size: body.length,
    compressed_page_size: compressed.length,
  })
  const head = writer.getBytes()
  return {
    parts: [head, compressed],
    size: head.length + compressed.length,
    rawSize: head.length + body.length,
  }
}
