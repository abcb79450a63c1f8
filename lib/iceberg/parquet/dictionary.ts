/** Distinct values in order of first use, and for each value its place among them. */
export interface Dictionary<Entries> {
  readonly entries: Entries
  readonly entryCount: number
  readonly indexes: Uint32Array
}

/** After so many values, a column with this share of distinct ones is given up at once. */
const PROBE = { values: 1024, distinctShare: 0.6 }

/** More entries than this, or than half the values, save nothing. */
const MAX_ENTRIES = 1 << 16

function worthIt(seen: number, distinct: number): boolean {
  return seen !== PROBE.values || distinct <= PROBE.values * PROBE.distinctShare
}

/** A dictionary of texts, or undefined when too few repeat. */
export function textDictionary(texts: readonly string[]): Dictionary<readonly string[]> | undefined {
  const limit = Math.min(MAX_ENTRIES, texts.length / 2)
  const places = new Map<string, number>()
  const indexes = new Uint32Array(texts.length)
  let previous: string | undefined
  let place = 0
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i] ?? ''
    if (text !== previous) {
      place = places.get(text) ?? places.size
      if (place === places.size) {
        if (place >= limit) return undefined
        places.set(text, place)
      }
      previous = text
    }
    indexes[i] = place
    if (!worthIt(i + 1, places.size)) return undefined
  }
  return { entries: [...places.keys()], entryCount: places.size, indexes }
}

/** A dictionary of numbers given as words, compared bit by bit, or undefined when too few repeat. */
export function wordDictionary(words: Uint32Array, width: 1 | 2): Dictionary<Uint32Array> | undefined {
  const count = words.length / width
  const limit = Math.min(MAX_ENTRIES, count / 2)
  const table = new WordTable(width, limit)
  const indexes = new Uint32Array(count)
  const high = width - 1
  for (let i = 0; i < count; i++) {
    const at = i * width
    const place = table.placeOf(words[at] ?? 0, width === 2 ? (words[at + high] ?? 0) : 0)
    if (place < 0 || !worthIt(i + 1, table.size)) return undefined
    indexes[i] = place
  }
  return { entries: table.entries(), entryCount: table.size, indexes }
}

/** An open-addressing hash table from one or two words to their place; grows up to `limit` entries. */
class WordTable {
  readonly #width: 1 | 2
  readonly #limit: number
  #mask = 255
  /** 0 is empty; otherwise the place + 1. */
  #slots = new Uint32Array(256)
  #low = new Uint32Array(128)
  #high = new Uint32Array(128)
  size = 0

  constructor(width: 1 | 2, limit: number) {
    this.#width = width
    this.#limit = limit
  }

  /** The place of a value, new or known; -1 when the table is full. */
  placeOf(low: number, high: number): number {
    let slot = hash(low, high) & this.#mask
    for (;;) {
      const found = this.#slots[slot] ?? 0
      if (found === 0) return this.#add(low, high, slot)
      if (this.#low[found - 1] === low && this.#high[found - 1] === high) return found - 1
      slot = (slot + 1) & this.#mask
    }
  }

  entries(): Uint32Array {
    if (this.#width === 1) return this.#low.slice(0, this.size)
    const words = new Uint32Array(this.size * 2)
    for (let i = 0; i < this.size; i++) {
      words[i * 2] = this.#low[i] ?? 0
      words[i * 2 + 1] = this.#high[i] ?? 0
    }
    return words
  }

  #add(low: number, high: number, slot: number): number {
    if (this.size >= this.#limit) return -1
    const place = this.size++
    this.#low[place] = low
    this.#high[place] = high
    this.#slots[slot] = place + 1
    if (this.size === this.#low.length) this.#grow()
    return place
  }

  #grow(): void {
    this.#low = doubled(this.#low)
    this.#high = doubled(this.#high)
    this.#slots = new Uint32Array(this.#slots.length * 2)
    this.#mask = this.#slots.length - 1
    for (let place = 0; place < this.size; place++) {
      let slot = hash(this.#low[place] ?? 0, this.#high[place] ?? 0) & this.#mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
      this.#slots[slot] = place + 1
    }
  }
}

function doubled(words: Uint32Array): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(words.length * 2)
  out.set(words)
  return out
}

function hash(low: number, high: number): number {
  const mixed = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
