import { type LiveFile, lowerBound, partitionKey, upperBound } from '../dataFile.ts'
import type { ColumnValue, Field } from '../schema.ts'
import { compareValues } from '../values.ts'

/** Which files are gathered, and how far. */
export interface StretchRule {
  /** The column that files lie along, with numbers: times. */
  readonly along: Field
  /** The columns that they are to lie along. */
  readonly across: readonly Field[]
  /** What one new file holds. */
  readonly fileRows: number
  /** What a stretch holds at most. */
  readonly stretchRows: number
  /** False for a file that is left as it is. */
  readonly isWorthIt: (file: LiveFile) => boolean
  /** The end of the time of which all files have come. */
  readonly untilUs: number
}

/** A file and what its bounds say of it. */
interface Placed {
  readonly file: LiveFile
  readonly from: number
  readonly to: number
}

/**
 * Files that follow one another in time, each with rows of nearly all there is across, stretch by stretch. Written anew,
 * sorted across, they become files that each have a part of what is across for the whole stretch: these share their time,
 * so they are never chosen again. A stretch is as large as it may be, unless no file has come after it for as long as it is.
 */
export function chooseStretches(files: readonly LiveFile[], rule: StretchRule): LiveFile[][] {
  const partitions = [...Map.groupBy(files, partitionKey).values()]
  return partitions
    .flatMap(ofOne => runsOf(placed(ofOne, rule.along), rule))
    .flatMap(run => cut(run, rule))
    .map(stretch => stretch.map(({ file }) => file))
}

/** Files with bounds, in the order of time. */
function placed(files: readonly LiveFile[], along: Field): Placed[] {
  return files
    .map(file => ({
      file,
      from: Number(lowerBound(file, along) ?? Number.NEGATIVE_INFINITY),
      to: Number(upperBound(file, along) ?? Number.POSITIVE_INFINITY),
    }))
    .sort((a, b) => a.from - b.from || a.to - b.to)
}

/** Runs of files that are worth it, share no more than a moment with others, and have the same across. */
function runsOf(files: readonly Placed[], { across, isWorthIt }: StretchRule): Placed[][] {
  const runs: Placed[][] = [[]]
  let reached = Number.NEGATIVE_INFINITY
  for (const [i, each] of files.entries()) {
    const next = files[i + 1]
    const isAlone = each.from >= reached && (next === undefined || next.from >= each.to)
    const isChosen = isAlone && isWorthIt(each.file)
    reached = Math.max(reached, each.to)
    const last = runs.at(-1)!.at(-1)
    if (last !== undefined && !(isChosen && hasSameAcross(last.file, each.file, across))) runs.push([])
    if (isChosen) runs.at(-1)!.push(each)
  }
  return runs
}

/** True unless the bounds of one column say that one file ends where the other begins. */
function hasSameAcross(a: LiveFile, b: LiveFile, across: readonly Field[]): boolean {
  return across.every(field => !endsBefore(a, b, field) && !endsBefore(b, a, field))
}

function endsBefore(a: LiveFile, b: LiveFile, field: Field): boolean {
  const [end, start] = [upperBound(a, field), lowerBound(b, field)]
  if (end === undefined || start === undefined) return false
  const order = compareValues(end, start)
  return order < 0 || (order === 0 && !isOneValue(a, end, field) && !isOneValue(b, start, field))
}

/** True where the file has only this value, which may be the end of another file too. */
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
