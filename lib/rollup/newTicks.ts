import { type LiveFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import { isOfOneFile } from '../iceberg/errors.ts'
import { scanFiles } from '../iceberg/plan.ts'
import type { ColumnValue, Field } from '../iceberg/schema.ts'
import { mapBounded } from '../mapBounded.ts'
import { mergeRanges, type TimeRange } from '../market/range.ts'
import { floorTo, MINUTE_US } from '../market/time.ts'
import type { ObjectStore } from '../ports.ts'
import { fieldNamed } from '../tables/layout.ts'
import { nextOffset, type OffsetVector } from '../tables/offsetVector.ts'
import { rangeOf } from '../tables/tickFiles.ts'
import { TICKS_SCHEMA } from '../tables/ticksTable.ts'
import type { RollupInputs } from './rollupInputs.ts'
import { readPlaces } from './tickPlaces.ts'

/** Where in time the ticks lie that the candles have not seen. */
export interface NewTicks {
  /** The minutes that they touch, merged; more than they touch where not every tick was looked at. */
  readonly minutes: readonly TimeRange[]
  /** False when there were too many to look at each: then `minutes` follows the bounds of their files. */
  readonly isExact: boolean
}

/** Files that lie within a minute need no look into. Of the others so many rows are looked at; the rest goes by bounds. */
const MAX_ROWS_READ = 50_000
const FILES_AT_ONCE = 8

/**
 * Finds the minutes of the ticks at or above the candles' vector, in the files that the candles have not seen. Of a file that is
 * not read here, as other engines may write them, all minutes between its bounds.
 */
export async function findNewTicks(store: ObjectStore, inputs: RollupInputs): Promise<NewTicks> {
  const narrow = new Stretches()
  const wide = new Stretches()
  let read: LiveFile[] | undefined = []
  let rows = 0
  for await (const file of unseenFiles(store, inputs)) {
    const range = rangeOf(file)
    if (range.toUs - range.fromUs <= MINUTE_US) narrow.add(range)
    else {
      wide.add(range)
      rows += file.recordCount
      read = rows <= MAX_ROWS_READ ? read : undefined
      read?.push(file)
    }
  }
  if (read === undefined) return { minutes: mergeRanges([...narrow.all(), ...wide.all()]), isExact: false }
  const minutes = await mapBounded(read, FILES_AT_ONCE, file => minutesOf(store, file, inputs.state.vector))
  return { minutes: mergeRanges([...narrow.all(), ...minutes.flat()]), isExact: true }
}

/** Merged as they come: after a long stop there are hundreds of thousands, most of them one after the other. */
class Stretches {
  static readonly #MERGED_EVERY = 10_000
  #ranges: TimeRange[] = []

  add(range: TimeRange): void {
    this.#ranges.push(range)
    if (this.#ranges.length % Stretches.#MERGED_EVERY === 0) this.#ranges = mergeRanges(this.#ranges)
  }

  all(): readonly TimeRange[] {
    return this.#ranges
  }
}

/**
 * The files that somebody has written since, and that may hold ticks at or above the candles' vector. A file of rows that
 * were all there before says so by its data sequence number: whoever merged them kept it.
 */
async function* unseenFiles(
  store: ObjectStore,
  { ticks, ticksVector, state: { vector, ticksSequence } }: RollupInputs,
): AsyncGenerator<LiveFile> {
  for await (const files of scanFiles(store, ticks, { minSequenceNumber: ticksSequence + 1 })) {
    for (const file of files) if (mayHoldBetween(file, vector, ticksVector)) yield file
  }
}

const OFFSET = fieldNamed(TICKS_SCHEMA, 'kafka_offset')
const PARTITION = fieldNamed(TICKS_SCHEMA, 'kafka_partition')
const EPOCH = fieldNamed(TICKS_SCHEMA, 'kafka_epoch')

/** The minutes of the file's ticks at or above the vector; all of its stretch where it cannot be read: only who computes them needs it. */
async function minutesOf(store: ObjectStore, file: LiveFile, vector: OffsetVector): Promise<TimeRange[]> {
  const places = await readPlaces(store, file.path).catch(error => {
    if (!isOfOneFile(error)) throw error
    return undefined
  })
  if (places === undefined) return [rangeOf(file)]
  const { dateTimeUs, epoch, partition, offset } = places
  const minutes = new Set<number>()
  for (const [i, timeUs] of dateTimeUs.entries()) {
    if (Number(offset[i]!) < nextOffset(vector, partition[i]!, epoch[i]!)) continue
    minutes.add(floorTo(timeUs, MINUTE_US))
  }
  return [...minutes].map(fromUs => ({ fromUs, toUs: fromUs + MINUTE_US }))
}

/** False when the bounds say that none of the file's ticks lies in [from, to). */
function mayHoldBetween(file: LiveFile, from: OffsetVector, to: OffsetVector): boolean {
  const low = Number(lowerBound(file, OFFSET) ?? 0)
  const high = Number(upperBound(file, OFFSET) ?? Number.POSITIVE_INFINITY)
  return to.positions.some(
    ({ partition, epoch, next }) =>
      low < next &&
      high >= nextOffset(from, partition, epoch) &&
      mayBe(file, PARTITION, partition) &&
      mayBe(file, EPOCH, epoch),
  )
}

function mayBe(file: LiveFile, field: Field, value: number): boolean {
  const holds = (bound: ColumnValue | undefined, within: (bound: number) => boolean) =>
    bound === undefined || within(Number(bound))
  return (
    holds(lowerBound(file, field), low => low <= value) &&
    holds(upperBound(file, field), high => high >= value)
  )
}
