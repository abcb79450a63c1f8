import { mapBounded } from '../../mapBounded.ts'
import type { ObjectStore } from '../../ports.ts'
import type { Catalog } from '../catalog.ts'
import { FolderShared, ObjectMissing, UnsupportedTable } from '../errors.ts'
import { parseJson } from '../json.ts'
import type { HasMetadata } from '../metadata.ts'
import type { Table, TableIdent } from '../table.ts'
import { metadataFromWire } from '../wire.ts'
import { referencedFiles } from './referencedFiles.ts'

/** Who may still need a file that the table no longer names. */
export interface OrphanRule {
  /** A reader that holds a snapshot which was current so long ago still finds all its files. */
  readonly retentionMs: number
  readonly nowMs: number
}

/** So many old files are weighed at once: about 20 MB of names. */
const WEIGHED_AT_ONCE = 50_000
const REQUESTS_AT_ONCE = 16

/** The share of the retention that covers uploads which are not committed yet, and clocks that differ. */
const LEEWAY = 1 / 3

/** What tickhouse and other engines write as a table's own; whatever else lies there is left alone. */
const OWN_FILES = /\/(data\/.+\.parquet|metadata\/[^/]+\.(avro|metadata\.json))$/
const DATA_FILE = /\.parquet$/
/** A data file that tickhouse has written, within a minute of its commit. */
const OURS = /\/data\/(.+\/)?[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.parquet$/
/**
 * Another engine may write data files for hours before it commits them: their own removal of orphans leaves files so long.
 * https://iceberg.apache.org/docs/latest/spark-procedures/#remove_orphan_files
 */
const WRITTEN_BY_OTHERS_MS = 3 * 24 * 3_600_000

/**
 * Removes the files of a table that no snapshot on its list names, and none named that was current within the
 * retention; data files of other engines three days after they were written. Gives how many. Throws `FolderShared`, before anything is removed, when another table's metadata lies among them.
 */
export async function removeOrphans(
  services: { readonly catalog: Catalog; readonly store: ObjectStore },
  ident: TableIdent,
  rule: OrphanRule,
): Promise<number> {
  const table = await services.catalog.loadTable(ident)
  const { location } = table.metadata
  await refuseStrangers(services.store, table)
  const beforeMs = removableBefore(table, rule)
  const ofOthersBeforeMs = Math.min(beforeMs, rule.nowMs - WRITTEN_BY_OTHERS_MS)
  const isOld = (uri: string, modifiedMs: number) =>
    modifiedMs < (DATA_FILE.test(uri) && !OURS.test(uri) ? ofOthersBeforeMs : beforeMs)
  let removed = 0
  let old = new Map<string, string>()
  for await (const page of services.store.list(`${location}/`)) {
    for (const { uri, modifiedMs } of page) {
      if (OWN_FILES.test(uri) && isOld(uri, modifiedMs)) old.set(nameOf(uri), uri)
    }
    if (old.size < WEIGHED_AT_ONCE) continue
    removed += await removeUnnamed(services, ident, old)
    old = new Map()
  }
  return removed + (await removeUnnamed(services, ident, old))
}

/**
 * A file written before this moment is in the newest snapshot that is older than the retention, or it was in no
 * snapshot that was current since: whoever began to read since does not need it.
 */
function removableBefore({ metadata }: HasMetadata, { retentionMs, nowMs }: OrphanRule): number {
  const past = metadata.snapshots
    .map(({ timestampMs }) => timestampMs)
    .filter(timestampMs => timestampMs <= nowMs - retentionMs)
  return Math.max(...past) - retentionMs * LEEWAY
}

/** `old` has URIs by file name: names are unique, while one file's URI may be written in several ways. */
async function removeUnnamed(
  { catalog, store }: { readonly catalog: Catalog; readonly store: ObjectStore },
  ident: TableIdent,
  old: Map<string, string>,
): Promise<number> {
  if (old.size === 0) return 0
  // Loaded after the listing: what has come into the table since is not old, what is old cannot come into it.
  for await (const uris of referencedFiles(store, await catalog.loadTable(ident))) {
    for (const uri of uris) old.delete(nameOf(uri))
  }
  await mapBounded([...old.values()], REQUESTS_AT_ONCE, uri => store.remove(uri))
  return old.size
}

function nameOf(uri: string): string {
  return uri.slice(uri.lastIndexOf('/') + 1)
}

/** A table that was renamed, or dropped and made anew, may have left its files where this one has its own. */
async function refuseStrangers(store: ObjectStore, { metadata, metadataLocation }: Table): Promise<void> {
  const known = new Set([...metadata.metadataLog, metadataLocation].map(uri => nameOf(uri ?? '')))
  for await (const page of store.list(`${metadata.location}/metadata/`)) {
    const unknown = page.filter(({ uri }) => uri.endsWith('.metadata.json') && !known.has(nameOf(uri)))
    await mapBounded(unknown, REQUESTS_AT_ONCE, async ({ uri }) => {
      const uuid = await uuidIn(store, uri)
      if (uuid !== undefined && uuid !== metadata.tableUuid) throw new FolderShared(metadata.location, uri)
    })
  }
}

/** Undefined for a file that is gone by now: the table's own commits remove them. */
async function uuidIn(store: ObjectStore, uri: string): Promise<string | undefined> {
  try {
    return metadataFromWire(parseJson(Buffer.from(await store.read(uri)).toString())).tableUuid
  } catch (error) {
    if (error instanceof ObjectMissing) return undefined
    if (error instanceof SyntaxError || error instanceof UnsupportedTable) return 'unreadable'
    throw error
  }
}
