import type { ObjectStore } from '../../ports.ts'
import type { ManifestEntry } from './entry.ts'
import type { ManifestFile } from './manifestFile.ts'

/** Entries of manifests, and manifests of lists, that one process keeps: up to 8 kB each, 64 MB in all. */
const MAX_ITEMS = 8_000

/** Files that never change, parsed, the most recently used ones. */
class ParsedFiles<Item> {
  readonly #files = new Map<string, readonly Item[]>()
  #items = 0

  get(path: string): readonly Item[] | undefined {
    const items = this.#files.get(path)
    if (items) {
      this.#files.delete(path)
      this.#files.set(path, items)
    }
    return items
  }

  set(path: string, items: readonly Item[]): void {
    if (this.#files.has(path) || items.length > MAX_ITEMS) return
    this.#files.set(path, items)
    this.#items += items.length + 1
    for (const [oldest, { length }] of this.#files) {
      if (this.#items <= MAX_ITEMS) return
      this.#files.delete(oldest)
      this.#items -= length + 1
    }
  }
}

/** What is known of the manifests and manifest lists in one object store. */
export class ManifestCache {
  readonly entries = new ParsedFiles<ManifestEntry>()
  readonly lists = new ParsedFiles<ManifestFile>()
}

const caches = new WeakMap<ObjectStore, ManifestCache>()

/** The cache of a store: it lives as long as the store, so a warm function reads only what is new. */
export function manifestCacheOf(store: ObjectStore): ManifestCache {
  const known = caches.get(store)
  if (known) return known
  const cache = new ManifestCache()
  caches.set(store, cache)
  return cache
}
