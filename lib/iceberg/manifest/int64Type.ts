import avro, { type Type } from 'avsc'

const WORD_SIZE = 0x100000000

interface LongCodec {
  fromBuffer(bytes: Buffer): number | bigint
  toBuffer(value: number | bigint): Buffer
  fromJSON(value: unknown): number | bigint
  toJSON(value: number | bigint): unknown
  isValid(value: unknown): boolean
  compare(left: number | bigint, right: number | bigint): number
}

const codec: LongCodec = {
  fromBuffer(bytes) {
    const number = bytes.readInt32LE(4) * WORD_SIZE + bytes.readUInt32LE(0)
    return Number.isSafeInteger(number) ? number : bytes.readBigInt64LE(0)
  },
  toBuffer(value) {
    const bytes = Buffer.allocUnsafe(8)
    if (typeof value === 'bigint') bytes.writeBigInt64LE(value)
    else {
      bytes.writeUInt32LE(value >>> 0, 0)
      bytes.writeInt32LE(Math.floor(value / WORD_SIZE), 4)
    }
    return bytes
  },
  fromJSON: value => value as number,
  toJSON: value => value,
  isValid: value => typeof value === 'bigint' || Number.isSafeInteger(value),
  compare: (left, right) => (left < right ? -1 : left > right ? 1 : 0),
}

/** Avro's long without loss: a number where that is exact, a bigint beyond 2^53 (snapshot ids). */
export const int64Type: Type = (avro.types.LongType as unknown as { __with(codec: LongCodec): Type }).__with(
  codec,
)
