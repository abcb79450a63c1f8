/*
 * Inner modules of kafkajs 2.2.4, used to write requests that kafkajs does not know. Its version is pinned; the contract tests
 * on a real broker fail when these modules change.
 */
declare module 'kafkajs/src/protocol/encoder.js' {
  /** Writes Kafka's primitive types one after the other: https://kafka.apache.org/43/design/protocol/#protocol-primitive-types */
  export default class Encoder {
    writeInt8(value: number): this
    writeInt32(value: number): this
    writeString(value: string): this
    writeBoolean(value: boolean): this
    writeBufferInternal(value: Buffer): void
    writeUVarInt(value: number): this
    writeUVarIntString(value: string): this
    writeArray(items: readonly Encoder[]): this
    writeUVarIntArray(items: readonly Encoder[]): this
  }
}

declare module 'kafkajs/src/protocol/decoder.js' {
  /** Reads Kafka's primitive types one after the other. */
  export default class Decoder {
    constructor(bytes: Buffer)
    readInt8(): number
    readInt16(): number
    readInt32(): number
    readString(): string | null
    readBytes(length: number): Buffer
    readUVarInt(): number
    readUVarIntString(): string | null
    readArray<Item>(read: (decoder: this) => Item): Item[]
    readUVarIntArray<Item>(read: (decoder: this) => Item): Item[] | null
    readTaggedFields(): unknown
  }
}

declare module 'kafkajs/src/protocol/error.js' {
  /** The error of a code that is not 0. */
  export function createErrorFromCode(code: number): Error
}
