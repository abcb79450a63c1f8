import { type LiveFile, lowerBound, partitionKey } from '../dataFile.ts'
import { hasDeletes, hasEqualityDeletes } from '../deletes/deletedRows.ts'
import type { Field } from '../schema.ts'

/** When files are merged, and how far. */
export interface MergeLimits {
  /** A file with this many rows or more is never merged, unless rows of it are deleted. */
  readonly fullRows: number
  /** What one new file is made of at most. */
  readonly rows: number
  readonly bytes: number
  readonly files: number
}

/** Fewer files of a partition are not worth a commit. */
const LEAST_FILES = 4

/** False for a file that is left as it is. */
export function isMergeable(file: LiveFile, { fullRows, rows, bytes }: MergeLimits): boolean {
  if (file.format !== 'PARQUET' || hasEqualityDeletes(file)) return false
  if (hasDeletes(file)) return file.recordCount <= rows && file.fileSizeBytes <= bytes
  return file.recordCount < fullRows && file.fileSizeBytes < bytes / 2
}

/** True for a file of the size of merged files that can be clustered. */
export function isFull(file: LiveFile, { fullRows }: Pick<MergeLimits, 'fullRows'>): boolean {
  return file.format === 'PARQUET' && !hasDeletes(file) && file.recordCount >= fullRows
}

/**
 * Files to be merged into one, group by group: mergeable ones of one partition, each group of one stretch of time (`along`
 * is the column that tells it). A file waits until the smaller ones beside it have as many rows together as
 * itself: so a row is rewritten only when its file doubles, and a partition has few files. A file with
 * deleted rows does not wait.
 */
export function chooseGroups(files: readonly LiveFile[], limits: MergeLimits, along: Field): LiveFile[][] {
  const partitions = [...Map.groupBy(files, partitionKey).values()]
  return partitions
    .flatMap(ofOne => cut(worthMerging(ofOne), limits, along))
    .filter(group => group.length > 1 || group.some(hasDeletes))
}

function worthMerging(files: readonly LiveFile[]): LiveFile[] {
  const bySize = files.toSorted((a, b) => a.recordCount - b.recordCount)
  let smaller = 0
  const outweighed = bySize.map(({ recordCount }) => {
    const isOutweighed = recordCount <= smaller
    smaller += recordCount
    return isOutweighed
  })
  const chosen = bySize.slice(0, outweighed.lastIndexOf(true) + 1)
  const merged = chosen.length < LEAST_FILES ? [] : chosen
  return [...merged, ...bySize.slice(merged.length).filter(hasDeletes)]
}

function cut(files: readonly LiveFile[], limits: MergeLimits, along: Field): LiveFile[][] {
  const start = (file: LiveFile) => Number(lowerBound(file, along) ?? Number.NEGATIVE_INFINITY)
  const groups: LiveFile[][] = []
  let rows = 0
  let bytes = 0
  for (const file of files.toSorted((a, b) => start(a) - start(b))) {
    const group = groups.at(-1)
    rows += file.recordCount
    bytes += file.fileSizeBytes
    if (group && rows <= limits.rows && bytes <= limits.bytes && group.length < limits.files) group.push(file)
    else {
      groups.push([file])
      rows = file.recordCount
      bytes = file.fileSizeBytes
    }
  }
  return groups
}
