import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import kafkajs from 'kafkajs'
import { CodecFailed } from '../errors.ts'
import { inflateLz4Frame } from '../records/lz4.ts'
import { inflateSnappy } from '../records/snappy.ts'

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>
  decompress(compressed: Buffer): Promise<Buffer>
}

const { CompressionCodecs, CompressionTypes } = kafkajs

function codec(decompress: (bytes: Buffer) => Buffer, compress: (bytes: Buffer) => Buffer): () => Codec {
  const made: Codec = {
    compress: async ({ buffer }) => compress(buffer),
    decompress: async bytes => decompress(bytes),
  }
  return () => made
}

function readOnly(name: string): () => never {
  return () => {
    throw new CodecFailed(`${name} batches can be read, not written: produce with gzip or zstd instead`)
  }
}

/**
 * Teaches kafkajs, for the whole process, to read snappy, LZ4 and zstd (gzip it reads by itself) and to write zstd.
 * Without it, the first such batch stops its partition for ever. May be called any number of times.
 */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.Snappy] = codec(inflateSnappy, readOnly('Snappy'))
  CompressionCodecs[CompressionTypes.LZ4] = codec(inflateLz4Frame, readOnly('LZ4'))
  CompressionCodecs[CompressionTypes.ZSTD] = codec(zstdDecompressSync, zstdCompressSync)
}
