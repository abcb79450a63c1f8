import { CodecFailed } from '../errors.ts'

/*
 * LZ4 frame (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), little-endian:
 *   magic 4 | FLG 1 | BD 1 | content size 0/8 | dictionary id 0/4 | header checksum 1
 *   then blocks: size 4 (highest bit: stored, not compressed) | data | checksum 0/4
 *   then an end mark of four zero bytes | content checksum 0/4
 * Checksums are not verified: the broker has verified the CRC of the Kafka batch that the frame lies in.
 */
const MAGIC = 0x184d2204
const BLOCK_CHECKSUM = 0x10
const CONTENT_SIZE = 0x08
const DICTIONARY_ID = 0x01
const STORED = 0x80000000
const MIN_MATCH = 4

/** Inflates one LZ4 frame, of linked blocks as well as of independent ones. Throws `CodecFailed` on anything else. */
export function inflateLz4Frame(frame: Buffer): Buffer {
  if (frame.length < 7 || frame.readUInt32LE(0) !== MAGIC) throw new CodecFailed('Not an LZ4 frame')
  const flags = frame[4]!
  if ((flags & DICTIONARY_ID) !== 0) throw new CodecFailed('LZ4 frames with a dictionary are not supported')
  const output = new Output(frame.length * 4)
  let at = 7 + ((flags & CONTENT_SIZE) === 0 ? 0 : 8)
  while (true) {
    if (at + 4 > frame.length) throw new CodecFailed('LZ4 frame ends without its end mark')
    const word = frame.readUInt32LE(at)
    at += 4
    if (word === 0) return output.bytes()
    const end = at + (word & ~STORED)
    if (end > frame.length) throw new CodecFailed('LZ4 block is cut off')
    const block = frame.subarray(at, end)
    if ((word & STORED) === 0) inflateBlock(block, output)
    else output.append(block, 0, block.length)
    at = end + ((flags & BLOCK_CHECKSUM) === 0 ? 0 : 4)
  }
}

/** A block is sequences of: token, literals, distance (2 bytes), match; the last sequence has literals only. */
function inflateBlock(block: Buffer, output: Output): void {
  let at = 0
  const lengthFrom = (nibble: number): number => {
    let length = nibble
    if (nibble !== 15) return length
    let more: number
    do {
      more = block[at++] ?? -1
      if (more < 0) throw new CodecFailed('LZ4 length is cut off')
      length += more
    } while (more === 255)
    return length
  }
  while (at < block.length) {
    const token = block[at++]!
    const literals = lengthFrom(token >> 4)
    if (at + literals > block.length) throw new CodecFailed('LZ4 literals are cut off')
    output.append(block, at, literals)
    at += literals
    if (at === block.length) return
    if (at + 2 > block.length) throw new CodecFailed('LZ4 distance is cut off')
    const distance = block[at]! | (block[at + 1]! << 8)
    at += 2
    output.repeat(distance, lengthFrom(token & 15) + MIN_MATCH)
  }
}

/** Bytes that grow at the end and can be copied from their own past. */
class Output {
  #buffer: Buffer
  #length = 0

  constructor(expectedBytes: number) {
    this.#buffer = Buffer.allocUnsafe(Math.max(expectedBytes, 1024))
  }

  append(source: Buffer, from: number, count: number): void {
    this.#reserve(count)
    source.copy(this.#buffer, this.#length, from, from + count)
    this.#length += count
  }

  repeat(distance: number, count: number): void {
    if (distance === 0 || distance > this.#length) throw new CodecFailed('LZ4 match reaches before the start')
    this.#reserve(count)
    const buffer = this.#buffer
    let to = this.#length
    if (distance >= count) buffer.copyWithin(to, to - distance, to - distance + count)
    else for (const end = to + count; to < end; to++) buffer[to] = buffer[to - distance]!
    this.#length += count
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + count))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}
