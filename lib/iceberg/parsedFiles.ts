import type { ObjectStore } from '../ports.ts'

/** Files that never change, parsed: the most recently used ones, up to a weight in all. */
export class ParsedFiles<Parsed> {
  readonly #files = new Map<string, { readonly parsed: Parsed; readonly weight: number }>()
  readonly #maxWeight: number
  readonly #weigh: (parsed: Parsed) => number
  readonly #underWay = new Map<string, Promise<Parsed>>()
  #weight = 0

  constructor(maxWeight: number, weigh: (parsed: Parsed) => number) {
    this.#maxWeight = maxWeight
    this.#weigh = weigh
  }

  get(path: string): Parsed | undefined {
    const known = this.#files.get(path)
    if (known === undefined) return undefined
    this.#files.delete(path)
    this.#files.set(path, known)
    return known.parsed
  }

  /** The file as it is kept, or as `parse` makes it. Callers who ask for the same file meanwhile share one `parse`. */
  async getOr(path: string, parse: () => Promise<Parsed>): Promise<Parsed> {
    return this.get(path) ?? this.#underWay.get(path) ?? this.#parse(path, parse)
  }

  async #parse(path: string, parse: () => Promise<Parsed>): Promise<Parsed> {
    const parsing = parse()
    this.#underWay.set(path, parsing)
    try {
      const parsed = await parsing
      this.set(path, parsed)
      return parsed
    } finally {
      this.#underWay.delete(path)
    }
  }

  /** Forgets the file. */
  delete(path: string): void {
    const known = this.#files.get(path)
    if (known === undefined) return
    this.#files.delete(path)
    this.#weight -= known.weight
  }

  /** Keeps it, unless it alone weighs more than all together may. */
  set(path: string, parsed: Parsed): void {
    const weight = this.#weigh(parsed)
    if (this.#files.has(path) || weight > this.#maxWeight) return
    this.#files.set(path, { parsed, weight })
    this.#weight += weight
    for (const [oldest, { weight: less }] of this.#files) {
      if (this.#weight <= this.#maxWeight) return
      this.#files.delete(oldest)
      this.#weight -= less
    }
  }
}

/** Gives each store what is known of its files: it lives as long as the store, so a warm function reads only what is new. */
export function perStore<Known>(open: () => Known): (store: ObjectStore) => Known {
  const opened = new WeakMap<ObjectStore, Known>()
  return store => {
    const known = opened.get(store) ?? open()
    opened.set(store, known)
    return known
  }
}
