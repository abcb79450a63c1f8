import { zstdDecompressSync } from 'node:zlib'
import { type FileMetaData, parquetMetadata } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { UnreadableFile } from '../errors.ts'

const NATIVE_COMPRESSORS = {
  ...compressors,
  ZSTD: (page: Uint8Array) => new Uint8Array(zstdDecompressSync(page)),
}

/** A text may begin with U+FEFF; it is part of the text. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

const PARSERS = {
  timestampFromMilliseconds: (ms: bigint) => ms * 1000n,
  timestampFromMicroseconds: (us: bigint) => us,
  timestampFromNanoseconds: (ns: bigint) => ns / 1000n,
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && utf8.decode(bytes),
}

/** A Parquet file with its parsed metadata. */
export type OpenParquet = ReturnType<typeof openParquet>

/** Opens a Parquet file of an Iceberg table for hyparquet. Throws `UnreadableFile` for anything else. */
export function openParquet(bytes: Uint8Array) {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  return {
    file,
    metadata: readMetadata(file),
    compressors: NATIVE_COMPRESSORS,
    parsers: PARSERS,
    geoparquet: false,
  }
}

function readMetadata(file: ArrayBuffer): FileMetaData {
  try {
    const metadata = parquetMetadata(file, { geoparquet: false })
    if (!metadata.schema.some(element => element.field_id !== undefined))
      throw new UnreadableFile('a Parquet file without field ids is not of an Iceberg table')
    return metadata
  } catch (cause) {
    if (cause instanceof UnreadableFile) throw cause
    throw new UnreadableFile('not a whole Parquet file', { cause })
  }
}
