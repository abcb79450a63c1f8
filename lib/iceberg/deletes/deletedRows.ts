import type { ObjectStore } from '../../ports.ts'
import type { LiveFile } from '../dataFile.ts'
import { FileUnsupported } from '../errors.ts'
import { readPositions } from './readPositions.ts'

/** A file of rows, as far as it takes to tell which of them are deleted. */
export type FileOfRows = Pick<LiveFile, 'path' | 'recordCount' | 'deletes'>

/** 1 for each row of the file that is deleted; undefined where none is. Throws `FileUnsupported`. */
export async function deletedRows(store: ObjectStore, file: FileOfRows): Promise<Uint8Array | undefined> {
  const { path, recordCount, deletes = [] } = file
  refuseEqualityDeletes(file)
  let deleted: Uint8Array | undefined
  for (const one of deletes) {
    for (const place of await readPositions(store, one, path)) {
      deleted ??= new Uint8Array(recordCount)
      deleted[place] = 1
    }
  }
  return deleted
}

/** How many rows of the file are in the table. Throws `FileUnsupported`. */
export async function liveRows(store: ObjectStore, file: FileOfRows): Promise<number> {
  const deleted = await deletedRows(store, file)
  return deleted === undefined
    ? file.recordCount
    : deleted.reduce((live, isDeleted) => live - isDeleted, file.recordCount)
}

/** True for a file of which rows may be deleted. */
export function hasDeletes({ deletes = [] }: Pick<LiveFile, 'deletes'>): boolean {
  return deletes.length > 0
}

/** True for a file of which rows may be deleted by their values: which, is not known here. */
export function hasEqualityDeletes({ deletes = [] }: Pick<LiveFile, 'deletes'>): boolean {
  return deletes.some(({ deletesBy }) => deletesBy === 'equality')
}

/** The file as if no row of it were deleted by its values. */
export function withoutEqualityDeletes<File extends FileOfRows>(file: File): File {
  if (!hasEqualityDeletes(file)) return file
  return { ...file, deletes: file.deletes?.filter(({ deletesBy }) => deletesBy !== 'equality') }
}

/** Throws `FileUnsupported` for a file whose rows are deleted by values. */
export function refuseEqualityDeletes({ path, deletes = [] }: FileOfRows): void {
  const refused = deletes.find(({ deletesBy }) => deletesBy === 'equality')
  if (refused !== undefined)
    throw new FileUnsupported(
      `${path} may have rows that another engine deleted by their values, which is not read here (delete file ${refused.path} ` +
        `of snapshot ${refused.snapshotId}): rewrite the table (in Trino: ALTER TABLE … EXECUTE optimize)`,
    )
}

/** Another text for each version of a file's rows: a key for what is known of them. */
export function versionOf({ path, deletes = [] }: FileOfRows): string {
  return [path, ...deletes.map(one => one.path)].join(' ')
}
