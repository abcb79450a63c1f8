import type { ObjectStore } from '../../ports.ts'
import { ParsedFiles } from '../parsedFiles.ts'
import type { ManifestEntry } from './entry.ts'
import type { ManifestFile } from './manifestFile.ts'

/** Entries of manifests, and manifests of lists, that one process keeps: up to 8 kB each, 64 MB in all. */
const MAX_ITEMS = 8_000

/** What is known of the manifests and manifest lists in one object store. */
export class ManifestCache {
  readonly entries = new ParsedFiles<readonly ManifestEntry[]>(MAX_ITEMS, items)
  readonly lists = new ParsedFiles<readonly ManifestFile[]>(MAX_ITEMS, items)
}

function items({ length }: readonly unknown[]): number {
  return length + 1
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
