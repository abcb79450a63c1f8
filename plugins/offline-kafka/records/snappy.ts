import { decompressSnappy } from 'hyparquet-compressors'
import { CodecFailed } from '../errors.ts'

/*
 * Kafka carries snappy in two shapes. Java's clients wrap blocks in the stream format of xerial's snappy-java
 * (https://github.com/xerial/snappy-java/blob/main/src/main/java/org/xerial/snappy/SnappyCodec.java), big-endian:
 *   magic 8 | version 4 | lowest compatible version 4 | then, to the end: length 4 | block
 * Others (librdkafka) send one bare block.
 */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16

/** Inflates snappy in either of Kafka's two shapes. Throws `CodecFailed` on anything else. */
export function inflateSnappy(input: Buffer): Buffer {
  if (!input.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return inflateBlock(input)
  const blocks: Buffer[] = []
  let at = XERIAL_HEADER_BYTES
  while (at < input.length) {
    if (at + 4 > input.length) throw new CodecFailed('Snappy stream is cut off')
    const start = at + 4
    at = start + input.readUInt32BE(at)
    if (at > input.length) throw new CodecFailed('Snappy block is cut off')
    blocks.push(inflateBlock(input.subarray(start, at)))
  }
  return Buffer.concat(blocks)
}

function inflateBlock(block: Buffer): Buffer {
  try {
    const inflated = decompressSnappy(block, inflatedLength(block))
    return Buffer.from(inflated.buffer, inflated.byteOffset, inflated.byteLength)
  } catch (cause) {
    throw new CodecFailed('Snappy block cannot be read', { cause })
  }
}

/** A block begins with its inflated length as a varint: https://github.com/google/snappy/blob/main/format_description.txt */
function inflatedLength(block: Buffer): number {
  let length = 0
  for (let i = 0; i < 5; i++) {
    const byte = block[i]
    if (byte === undefined) break
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return length
  }
  throw new CodecFailed('Snappy block has no length')
}
