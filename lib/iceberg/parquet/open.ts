import { zstdDecompressSync } from 'node:zlib'
import { type AsyncBuffer, type FileMetaData, parquetMetadata, parquetMetadataAsync } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { TickhouseError } from '../../errors.ts'
import { UnreadableFile } from '../errors.ts'

/** The least that zlib takes. */
const MIN_CHUNK_BYTES = 64

const NATIVE_COMPRESSORS = {
  ...compressors,
  // In one piece: by default zlib puts pieces of 16 kB together.
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

const HOW_TO_READ = { compressors: NATIVE_COMPRESSORS, parsers: PARSERS, geoparquet: false }

/** A Parquet file with its parsed metadata, for hyparquet. */
export interface OpenParquet extends Readonly<typeof HOW_TO_READ> {
  readonly file: AsyncBuffer
  readonly metadata: FileMetaData
}

/** Opens a Parquet file of an Iceberg table for hyparquet. Throws `UnreadableFile` for anything else. */
export function openParquet(bytes: Uint8Array): OpenParquet {
  const file = bufferOf(bytes)
  return { ...HOW_TO_READ, file, metadata: readMetadata(file) }
}

/** A stretch of a Parquet file's bytes, from place `from` on, as the file: of `metadata`, no more than lies there can be read. */
export function openStretch(bytes: Uint8Array, from: number, metadata: FileMetaData): OpenParquet {
  const stretch = bufferOf(bytes)
  const slice = (start: number, end = from + stretch.byteLength) => stretch.slice(start - from, end - from)
  return { ...HOW_TO_READ, file: { byteLength: from + stretch.byteLength, slice }, metadata }
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
}

function readMetadata(file: ArrayBuffer): FileMetaData {
  try {
    return ofIceberg(parquetMetadata(file, HOW_TO_READ))
  } catch (cause) {
    throw notParquet(cause)
  }
}

/**
 * The metadata at the end of a Parquet file of that many bytes; `read` gives a range of them, and is called once unless the
 * metadata has more than `guessBytes`. Throws `UnreadableFile`, and what `read` throws.
 */
export async function readFooter(
  read: (from: number, to: number) => Promise<Uint8Array>,
  byteLength: number,
  guessBytes: number,
): Promise<FileMetaData> {
  const slice = async (from: number, to = byteLength) => bufferOf(await read(from, to))
  try {
    return ofIceberg(
      await parquetMetadataAsync({ byteLength, slice }, { ...HOW_TO_READ, initialFetchSize: guessBytes }),
    )
  } catch (cause) {
    throw notParquet(cause)
  }
}

function ofIceberg(metadata: FileMetaData): FileMetaData {
  if (metadata.schema.some(({ field_id }) => field_id !== undefined)) return metadata
  throw new UnreadableFile('a Parquet file without field ids is not of an Iceberg table')
}

function notParquet(cause: unknown): TickhouseError {
  return cause instanceof TickhouseError ? cause : new UnreadableFile('not a whole Parquet file', { cause })
}
