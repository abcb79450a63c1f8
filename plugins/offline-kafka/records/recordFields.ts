/** One header; a name may come more than once. */
export interface Header {
  readonly name: string
  /** Null when the producer gave none. */
  readonly value: Buffer | null
}

/**
 * A reader of record bytes (https://kafka.apache.org/documentation/#record), moved from one record to the next:
 *   attributes 1 | timestamp delta | offset delta | key | value | number of headers | headers: name, value …
 * Numbers are zigzag varints; key, name and value are a length and as many bytes, -1 being null.
 */
export class RecordFields {
  start = 0
  /** A bigint where a number may not be exact. */
  timestampDelta: number | bigint = 0
  offsetDelta = 0
  keyStart = 0
  /** -1 for null. */
  keyLength = 0
  valueStart = 0
  /** -1 for null. */
  valueLength = 0
  headerCount = 0
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0

  /** Reads a record that its length stands before; gives where it ends. */
  readSized(bytes: Buffer, at: number): number {
    this.#bytes = bytes
    this.#at = at
    const length = this.#varint()
    const end = this.#at + length
    this.read(bytes, this.#at)
    return end
  }

  /** Reads the record that begins at `start`, after its length. */
  read(bytes: Buffer, start: number): this {
    this.#bytes = bytes
    this.start = start
    this.#at = start + 1
    this.timestampDelta = this.#varlong()
    this.offsetDelta = this.#varint()
    this.keyLength = this.#varint()
    this.keyStart = this.#at
    this.#at += Math.max(0, this.keyLength)
    this.valueLength = this.#varint()
    this.valueStart = this.#at
    this.#at += Math.max(0, this.valueLength)
    this.headerCount = this.#varint()
    return this
  }

  get key(): Buffer | null {
    return this.#slice(this.keyStart, this.keyLength)
  }

  get value(): Buffer | null {
    return this.#slice(this.valueStart, this.valueLength)
  }

  /** The headers, in the producer's order; to be asked for once, right after `read`. */
  headers(): Header[] {
    return Array.from({ length: this.headerCount }, () => ({
      name: this.#sized()?.toString() ?? '',
      value: this.#sized(),
    }))
  }

  #sized(): Buffer | null {
    const length = this.#varint()
    const slice = this.#slice(this.#at, length)
    this.#at += Math.max(0, length)
    return slice
  }

  #slice(start: number, length: number): Buffer | null {
    return length < 0 ? null : this.#bytes.subarray(start, start + length)
  }

  #varlong(): number | bigint {
    const from = this.#at
    const value = this.#varint()
    if (Number.isSafeInteger(2 * value)) return value
    let zigzag = 0n
    for (let at = this.#at; at > from; ) zigzag = (zigzag << 7n) | BigInt(this.#bytes[--at]! & 0x7f)
    return (zigzag >> 1n) ^ -(zigzag & 1n)
  }

  /** Exact below 2^52; what is larger is no length or offset that can be. */
  #varint(): number {
    const bytes = this.#bytes
    let byte = bytes[this.#at++]!
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let value = byte & 0x7f
    let unit = 128
    do {
      byte = bytes[this.#at++]!
      value += (byte & 0x7f) * unit
      unit *= 128
    } while (byte >= 0x80)
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}
