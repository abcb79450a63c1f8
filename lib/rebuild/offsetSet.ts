/** Offsets of one log: `from` up to, not with, `to`. */
export interface Run {
  readonly from: number
  readonly to: number
}

const CHUNK_OFFSETS = 65_536
/** Stands for a chunk in which every offset is. */
const FULL = 'full'

interface Chunk {
  readonly bits: Uint8Array
  count: number
}

/** A set of the offsets of one run, a bit each where they are not all there or all missing. */
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

  /** False where the offset was in already, or is outside the run. */
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

  /** The stretches of its run that are missing in it, in order. */
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
