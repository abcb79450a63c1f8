import { type LiveFile, lowerBound, partitionKey, upperBound } from '../dataFile.ts'
import type { ColumnValue, Field } from '../schema.ts'
import { compareValues } from '../values.ts'

/** The files that are clustered, and the size of stretches. */
export interface StretchRule {
  /** The column of times by which files follow one another. */
  readonly along: Field
  /** The columns that the rows of a stretch are sorted by. */
  readonly clusterBy: readonly Field[]
  /** The rows of one new file. */
  readonly fileRows: number
  /** The most rows of a stretch. */
  readonly stretchRows: number
  /** False for a file that is left as it is. */
  readonly isWorthIt: (file: LiveFile) => boolean
  /** All files of the time before this moment are there. */
  readonly untilUs: number
}

/** A file with its bounds of `along`. */
interface Placed {
  readonly file: LiveFile
  readonly from: number
  readonly to: number
}

/**
 * Chooses files to be clustered together, stretch by stretch: files that follow one another in time, and of which each has
 * nearly all values of `clusterBy`. Clustered, a stretch becomes files that each have some of the values, for all of its time.
 * These overlap in time, so they are never chosen again. A stretch is as large as it may be. A smaller one is chosen once as
 * much time has passed after it as it is long.
 */
export function chooseStretches(files: readonly LiveFile[], rule: StretchRule): LiveFile[][] {
  const partitions = [...Map.groupBy(files, partitionKey).values()]
  return partitions
    .flatMap(ofOne => runsOf(placed(ofOne, rule.along), rule))
    .flatMap(run => cut(run, rule))
    .map(stretch => stretch.map(({ file }) => file))
}

/** Sorts files by time. */
function placed(files: readonly LiveFile[], along: Field): Placed[] {
  return files
    .map(file => ({
      file,
      from: Number(lowerBound(file, along) ?? Number.NEGATIVE_INFINITY),
      to: Number(upperBound(file, along) ?? Number.POSITIVE_INFINITY),
    }))
    .sort((a, b) => a.from - b.from || a.to - b.to)
}

/** Runs of files that are worth it, overlap no other in time by more than a moment, and overlap one another in `clusterBy`. */
function runsOf(files: readonly Placed[], { clusterBy, isWorthIt }: StretchRule): Placed[][] {
  const runs: Placed[][] = [[]]
  let reached = Number.NEGATIVE_INFINITY
  for (const [i, each] of files.entries()) {
    const next = files[i + 1]
    const isAlone = each.from >= reached && (next === undefined || next.from >= each.to)
    const isChosen = isAlone && isWorthIt(each.file)
    reached = Math.max(reached, each.to)
    const last = runs.at(-1)!.at(-1)
    if (last !== undefined && !(isChosen && overlap(last.file, each.file, clusterBy))) runs.push([])
    if (isChosen) runs.at(-1)!.push(each)
  }
  return runs
}

/** True unless, by the bounds of one column, one file ends where the other begins. */
function overlap(a: LiveFile, b: LiveFile, fields: readonly Field[]): boolean {
  return fields.every(field => !endsBefore(a, b, field) && !endsBefore(b, a, field))
}

function endsBefore(a: LiveFile, b: LiveFile, field: Field): boolean {
  const [end, start] = [upperBound(a, field), lowerBound(b, field)]
  if (end === undefined || start === undefined) return false
  const order = compareValues(end, start)
  return order < 0 || (order === 0 && !isOneValue(a, end, field) && !isOneValue(b, start, field))
}

/** True where all rows of the file have this value. */
function isOneValue(file: LiveFile, value: ColumnValue, field: Field): boolean {
  const [low, high] = [lowerBound(file, field), upperBound(file, field)]
  return low !== undefined && high !== undefined && low === value && high === value
}

function cut(run: readonly Placed[], { fileRows, stretchRows, untilUs }: StretchRule): Placed[][] {
  const stretches: Placed[][] = []
  let waiting: Placed[] = []
  for (const each of run) {
    if (rowsIn(waiting) + each.file.recordCount > stretchRows) {
      stretches.push(waiting)
      waiting = []
    }
    waiting.push(each)
  }
  const [first, last] = [waiting[0], waiting.at(-1)]
  if (first !== undefined && last !== undefined && untilUs - last.to >= last.to - first.from)
    stretches.push(waiting)
  return stretches.filter(stretch => stretch.length > 1 && rowsIn(stretch) > fileRows)
}

function rowsIn(files: readonly Placed[]): number {
  return files.reduce((sum, { file }) => sum + file.recordCount, 0)
}
