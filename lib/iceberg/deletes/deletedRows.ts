import type { ObjectStore } from '../../ports.ts'
import type { LiveFile } from '../dataFile.ts'
import { FileUnsupported } from '../errors.ts'
import { readPositions } from './readPositions.ts'

/** The fields of a data file that say which of its rows are deleted. */
export type FileOfRows = Pick<LiveFile, 'path' | 'recordCount' | 'deletes'>

/** One byte for each row of the file: 1 for a deleted one; undefined where no row is deleted. Throws `FileUnsupported`. */
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

/** Counts the rows of the file that are not deleted. Throws `FileUnsupported`. */
export async function liveRows(store: ObjectStore, file: FileOfRows): Promise<number> {
  return countLive(file, await deletedRows(store, file))
}

/** As `liveRows`, where `deletedRows` was asked already. */
export function countLive({ recordCount }: FileOfRows, deleted: Uint8Array | undefined): number {
  return deleted?.reduce((live, isDeleted) => live - isDeleted, recordCount) ?? recordCount
}

/** True for a data file with delete files of any kind. */
export function hasDeletes({ deletes = [] }: Pick<LiveFile, 'deletes'>): boolean {
  return deletes.length > 0
}

/** True for a data file with equality deletes. Which of its rows are deleted is unknown, as these are not read here. */
export function hasEqualityDeletes({ deletes = [] }: Pick<LiveFile, 'deletes'>): boolean {
  return deletes.some(({ deletesBy }) => deletesBy === 'equality')
}

/** The file without its equality deletes. */
export function withoutEqualityDeletes<File extends FileOfRows>(file: File): File {
  if (!hasEqualityDeletes(file)) return file
  return { ...file, deletes: file.deletes?.filter(({ deletesBy }) => deletesBy !== 'equality') }
}

/** Throws `FileUnsupported` for a data file with equality deletes. */
export function refuseEqualityDeletes({ path, deletes = [] }: FileOfRows): void {
  const refused = deletes.find(({ deletesBy }) => deletesBy === 'equality')
  if (refused !== undefined)
    throw new FileUnsupported(
      `${path} may have rows that another engine deleted by their values, which is not read here (delete file ${refused.path} ` +
        `of snapshot ${refused.snapshotId}): rewrite the table (in Trino: ALTER TABLE … EXECUTE optimize)`,
    )
}

/** A text that differs for each version of a file's rows: a cache key. */
export function versionOf({ path, deletes = [] }: FileOfRows): string {
  return [path, ...deletes.map(one => one.path)].join(' ')
}
