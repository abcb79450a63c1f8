import { hash } from 'node:crypto'

const EMPTY = 0
const OTHER = 1
const EQUAL = 2
const GONE = 3

/** What the contents of a candle that is gone count as; no candle's are empty. */
const NO_CONTENTS = ''

/**
 * A set of candles, each as two hashes of 64 bits: of its key and of its contents. 25 bytes a candle, so that millions are
 * compared at once; the odds that two keys of ten million are taken for one are one in 370,000.
 */
export class DigestTable {
  readonly #mask: number
  /** By slot: key (2 words), contents (2 words), day. */
  readonly #words: Uint32Array
  readonly #days: Int32Array
  readonly #states: Uint8Array
  #count = 0

  /** `most` is how many candles there may be. */
  constructor(most: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(16, most * 1.5)))
    this.#mask = slots - 1
    this.#words = new Uint32Array(slots * 4)
    this.#days = new Int32Array(slots)
    this.#states = new Uint8Array(slots)
  }

  /**
   * Adds a candle, as it must be found; without contents one that is gone, of which nothing need be found. Throws
   * `RangeError` when there is no room.
   */
  add(key: string, contents: string | undefined, day: number): void {
    if (this.#count >= this.#mask) throw new RangeError(`more than ${this.#mask} candles in one table`)
    const [slot, words] = this.#slotOf(key)
    if (this.#states[slot] === EMPTY) this.#count += 1
    this.#words.set([...words, ...digest(contents ?? NO_CONTENTS)], slot * 4)
    this.#days[slot] = day
    this.#states[slot] = contents === undefined ? GONE : OTHER
  }

  /**
   * Tells what was found under a key, without contents that it is gone; the last word counts. True when it is as it must
   * be, undefined for an unknown key.
   */
  see(key: string, contents: string | undefined): boolean | undefined {
    const [slot] = this.#slotOf(key)
    if (this.#states[slot] === EMPTY) return undefined
    const [low, high] = digest(contents ?? NO_CONTENTS)
    const isEqual = this.#words[slot * 4 + 2] === low && this.#words[slot * 4 + 3] === high
    this.#states[slot] = !isEqual ? OTHER : contents === undefined ? GONE : EQUAL
    return isEqual
  }

  /** True for a candle that was last found as it must be. */
  isRight(key: string): boolean {
    const state = this.#states[this.#slotOf(key)[0]]
    return state === EQUAL || state === GONE
  }

  /** How many were found as they must be, those that are gone left out, and on which days begin others that were not. */
  result(): { readonly equal: number; readonly otherDays: ReadonlySet<number> } {
    let equal = 0
    const otherDays = new Set<number>()
    for (let slot = 0; slot <= this.#mask; slot++) {
      if (this.#states[slot] === EQUAL) equal += 1
      if (this.#states[slot] === OTHER) otherDays.add(this.#days[slot]!)
    }
    return { equal, otherDays }
  }

  /** The slot of a key, or the empty one where it belongs. */
  #slotOf(key: string): [number, readonly [number, number]] {
    const words = digest(key)
    let slot = words[0] & this.#mask
    while (this.#states[slot] !== EMPTY) {
      if (this.#words[slot * 4] === words[0] && this.#words[slot * 4 + 1] === words[1]) break
      slot = (slot + 1) & this.#mask
    }
    return [slot, words]
  }
}

function digest(text: string): readonly [number, number] {
  const bytes = hash('md5', text, 'buffer')
  return [bytes.readUInt32LE(0), bytes.readUInt32LE(4)]
}
