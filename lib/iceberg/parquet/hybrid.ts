/** A run at least this long costs less as a run than bit-packed. */
const SHORTEST_RUN = 8

/** Bits needed for every number from 0 to `max`. */
export function bitWidthOf(max: number): number {
  return 32 - Math.clz32(max)
}

/**
 * Values of up to 24 bits as Parquet's RLE / bit-packing hybrid, without a length in front.
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
 */
export function encodeHybrid(
  values: ArrayLike<number>,
  start: number,
  end: number,
  bitWidth: number,
): Uint8Array {
  const out = new HybridWriter(values, end, bitWidth, maxSize(end - start, bitWidth))
  let literalStart = start
  let i = start
  while (i < end) {
    const run = runLength(values, i, end)
    if (run >= SHORTEST_RUN) {
      out.literal(literalStart, i)
      out.run(i, run)
      i += run
      literalStart = i
    } else {
      i += 8
    }
  }
  out.literal(literalStart, Math.min(i, end))
  return out.bytes()
}

function runLength(values: ArrayLike<number>, from: number, end: number): number {
  const value = values[from]
  let i = from + 1
  while (i < end && values[i] === value) i++
  return i - from
}

/** Every 8 values take at most their bits or one run, each with a header of up to 5 bytes. */
function maxSize(count: number, bitWidth: number): number {
  return Math.ceil(count / 8) * (bitWidth + 8) + 16
}

class HybridWriter {
  readonly #values: ArrayLike<number>
  readonly #end: number
  readonly #bitWidth: number
  readonly #out: Uint8Array
  #size = 0

  constructor(values: ArrayLike<number>, end: number, bitWidth: number, size: number) {
    this.#values = values
    this.#end = end
    this.#bitWidth = bitWidth
    this.#out = new Uint8Array(size)
  }

  bytes(): Uint8Array {
    return this.#out.subarray(0, this.#size)
  }

  run(at: number, length: number): void {
    this.#varint(length * 2)
    const value = this.#values[at] ?? 0
    for (let shift = 0; shift < this.#bitWidth; shift += 8) this.#out[this.#size++] = (value >>> shift) & 0xff
  }

  /** Groups of 8; only the page's last group may be filled up with zeros. */
  literal(start: number, end: number): void {
    if (end <= start) return
    const groups = Math.ceil((end - start) / 8)
    this.#varint(groups * 2 + 1)
    this.#pack(start, start + groups * 8)
  }

  #pack(start: number, end: number): void {
    const values = this.#values
    const out = this.#out
    const bitWidth = this.#bitWidth
    const last = Math.min(end, this.#end)
    let size = this.#size
    let buffer = 0
    let bits = 0
    for (let i = start; i < end; i++) {
      if (i < last) buffer |= (values[i] ?? 0) << bits
      bits += bitWidth
      while (bits >= 8) {
        out[size++] = buffer & 0xff
        buffer >>>= 8
        bits -= 8
      }
    }
    this.#size = size
  }

  #varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#out[this.#size++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#out[this.#size++] = rest
  }
}
