import { ParsedFiles, perStore } from '../parsedFiles.ts'
import type { ManifestEntry } from './entry.ts'
import type { ManifestFile } from './manifestFile.ts'

/** Entries of manifests, and manifests of lists, that one process keeps: up to 8 kB each, 64 MB in all. */
const MAX_ITEMS = 8_000

/** What is known of the manifests and manifest lists in one object store. */
export const manifestCacheOf = perStore(() => ({
  entries: new ParsedFiles<readonly ManifestEntry[]>(MAX_ITEMS, items),
  lists: new ParsedFiles<readonly ManifestFile[]>(MAX_ITEMS, items),
}))

function items({ length }: readonly unknown[]): number {
  return length + 1
}
