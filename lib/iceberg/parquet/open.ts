import { zstdDecompressSync } from 'node:zlib'
import { type AsyncBuffer, type FileMetaData, parquetMetadata, parquetMetadataAsync } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { TickhouseError } from '../../errors.ts'
import { UnreadableFile } from '../errors.ts'
import type { Field } from '../schema.ts'

/** zlib's minimum of `chunkSize`. */
const MIN_CHUNK_BYTES = 64

const NATIVE_COMPRESSORS = {
  ...compressors,
  // One output buffer of the page's size is faster than zlib's default, many of 16 kB.
  ZSTD: (page: Uint8Array, length: number) =>
    zstdDecompressSync(page, { chunkSize: Math.max(length, MIN_CHUNK_BYTES) }),
}

/** A text may begin with U+FEFF; it is part of the text. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

const PARSERS = {
  timestampFromMilliseconds: (ms: bigint) => ms * 1000n,
  timestampFromMicroseconds: (us: bigint) => us,
  timestampFromNanoseconds: (ns: bigint) => ns / 1000n,
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && utf8.decode(bytes),
}

const READ_OPTIONS = { compressors: NATIVE_COMPRESSORS, parsers: PARSERS, geoparquet: false }

/** A Parquet file with its parsed metadata, for hyparquet. */
export interface OpenParquet extends Readonly<typeof READ_OPTIONS> {
  readonly file: AsyncBuffer
  readonly metadata: FileMetaData
}

/** Opens a Parquet file of an Iceberg table for hyparquet. Throws `UnreadableFile` for anything else. */
export function openParquet(bytes: Uint8Array): OpenParquet {
  const file = bufferOf(bytes)
  return { ...READ_OPTIONS, file, metadata: readMetadata(file) }
}

/** Opens a part of a Parquet file: its bytes from `from` on. `metadata` may describe only column chunks that lie there. */
export function openStretch(bytes: Uint8Array, from: number, metadata: FileMetaData): OpenParquet {
  const stretch = bufferOf(bytes)
  const slice = (start: number, end = from + stretch.byteLength) => stretch.slice(start - from, end - from)
  return { ...READ_OPTIONS, file: { byteLength: from + stretch.byteLength, slice }, metadata }
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
}

function readMetadata(file: ArrayBuffer): FileMetaData {
  try {
    return ofIceberg(parquetMetadata(file, READ_OPTIONS))
  } catch (cause) {
    throw notParquet(cause)
  }
}

/**
 * Reads the metadata at the end of a Parquet file of `byteLength` bytes. `read` reads a range of the file; it is called once,
 * and twice when the metadata is larger than `guessBytes`. Throws `UnreadableFile`, and what `read` throws.
 */
export async function readFooter(
  read: (from: number, to: number) => Promise<Uint8Array>,
  byteLength: number,
  guessBytes: number,
): Promise<FileMetaData> {
  const slice = async (from: number, to = byteLength) => bufferOf(await read(from, to))
  try {
    return ofIceberg(
      await parquetMetadataAsync({ byteLength, slice }, { ...READ_OPTIONS, initialFetchSize: guessBytes }),
    )
  } catch (cause) {
    throw notParquet(cause)
  }
}

/** The name that a column has in the file, where it is found by its field id. Throws `UnreadableFile` when it is missing. */
export function columnName({ schema }: FileMetaData, { id, name }: Field): string {
  const element = schema.find(({ field_id }) => field_id === id)
  if (element === undefined) throw new UnreadableFile(`a Parquet file lacks the column ${name}`)
  return element.name
}

function ofIceberg(metadata: FileMetaData): FileMetaData {
  if (metadata.schema.some(({ field_id }) => field_id !== undefined)) return metadata
  throw new UnreadableFile('a Parquet file without field ids is not of an Iceberg table')
}

function notParquet(cause: unknown): TickhouseError {
  return cause instanceof TickhouseError ? cause : new UnreadableFile('not a whole Parquet file', { cause })
}
