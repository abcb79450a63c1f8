/** Offsets of one partition, from `from` up to but not including `to`. */
export interface Run {
  readonly from: number
  readonly to: number
}

const CHUNK_OFFSETS = 65_536
/** A chunk in which every offset is set. */
const FULL = 'full'

interface Chunk {
  readonly bits: Uint8Array
  count: number
}

/** A set of offsets of one run. It takes a bit for each offset, and nothing for chunks that are full or empty. */
export class OffsetSet {
  readonly run: Run
  #size = 0
  readonly #chunks = new Map<number, Chunk | typeof FULL>()

  constructor(run: Run) {
    this.run = run
  }

  get size(): number {
    return this.#size
  }

  /** Adds an offset; false if it was in the set already, or is outside the run. */
  add(offset: number): boolean {
    if (offset < this.run.from || offset >= this.run.to) return false
    const index = Math.floor(offset / CHUNK_OFFSETS)
    const chunk = this.#chunks.get(index) ?? this.#newChunk(index)
    const at = offset % CHUNK_OFFSETS
    if (chunk === FULL || isSet(chunk, at)) return false
    chunk.bits[at >> 3]! |= 1 << (at & 7)
    chunk.count += 1
    this.#size += 1
    if (chunk.count === CHUNK_OFFSETS) this.#chunks.set(index, FULL)
    return true
  }

  has(offset: number): boolean {
    const chunk = this.#chunks.get(Math.floor(offset / CHUNK_OFFSETS))
    return chunk === FULL || (chunk !== undefined && isSet(chunk, offset % CHUNK_OFFSETS))
  }

  /** Stretches of the run that are not in the set, in order. */
  *missing(): Generator<Run> {
    let from: number | undefined
    for (let offset = this.run.from; offset < this.run.to; ) {
      const wholeChunk = this.#chunks.get(Math.floor(offset / CHUNK_OFFSETS))
      const isThere = wholeChunk === FULL || (wholeChunk !== undefined && this.has(offset))
      if (isThere && from !== undefined) yield { from, to: offset }
      from = isThere ? undefined : (from ?? offset)
      const isUniform = wholeChunk === undefined || wholeChunk === FULL
      offset = isUniform ? (Math.floor(offset / CHUNK_OFFSETS) + 1) * CHUNK_OFFSETS : offset + 1
    }
    if (from !== undefined) yield { from, to: this.run.to }
  }

  #newChunk(index: number): Chunk {
    const chunk = { bits: new Uint8Array(CHUNK_OFFSETS / 8), count: 0 }
    this.#chunks.set(index, chunk)
    return chunk
  }
}

function isSet({ bits }: Chunk, at: number): boolean {
  return (bits[at >> 3]! & (1 << (at & 7))) !== 0
}
