import type { LiveFile } from '../iceberg/dataFile.ts'
import { liveRows, withoutEqualityDeletes } from '../iceberg/deletes/deletedRows.ts'
import { isOfOneFile } from '../iceberg/errors.ts'
import { scanFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import { mapBounded } from '../mapBounded.ts'
import { HourSet, hourOf } from '../market/hours.ts'
import { mergeRanges, type TimeRange } from '../market/range.ts'
import { DAY_US, floorTo, formatDateTime, HOUR_US, type Micros } from '../market/time.ts'
import type { ObjectStore } from '../ports.ts'
import { heldBefore } from '../tables/candlesState.ts'
import { rangeOf } from '../tables/tickFiles.ts'
import { EVER, hoursWithMinutes } from './hoursWithRows.ts'
import { widestWindow } from './liveWindow.ts'

/** Some hours, of which candles are held, for people. */
export interface HeldStretch {
  readonly firstDay: string
  readonly lastDay: string
  readonly hours: number
}

/** Undefined where none are held. */
export function stretchOf(held: HourSet): HeldStretch | undefined {
  if (held.isEmpty) return undefined
  const dayOfHour = (hour: number) => formatDateTime(hour * HOUR_US).slice(0, 10)
  return { firstDay: dayOfHour(held.firstHour), lastDay: dayOfHour(held.lastHour), hours: held.size }
}

/**
 * The hours whose candles are held from now on, once some hours were touched. To delete the oldest whole days of ticks is the
 * commonest deletion there is, and must not take the archive of candles along: so of the days that were touched, those before
 * the first day that still has ticks are held. Late ticks of hours that are held already do not count.
 */
export async function newlyHeld(
  store: ObjectStore,
  ticks: Table,
  { held, touched, nowUs }: { readonly held: HourSet; readonly touched: HourSet; readonly nowUs: Micros },
): Promise<HourSet> {
  const days = hoursBefore(touched.minus(held), latestHeldUs(nowUs)).wholeDays()
  if (days.isEmpty) return days
  return hoursBefore(days, await firstDayWithTicks(store, ticks, days, held))
}

/**
 * Works out the held hours where the state is lost: those of the newest state that is left, and each day with m1 candles and
 * without a tick. So a rebuild does not remove candles whose ticks are gone.
 */
export async function findHeld(
  store: ObjectStore,
  { ticks, candles }: { readonly ticks: Table; readonly candles: Table },
  nowUs: Micros,
): Promise<HourSet> {
  const known = heldBefore(candles)
  const touched = await hoursWithMinutes(store, candles)
  const oldest = await newlyHeld(store, ticks, { held: known, touched, nowUs })
  const ranges: TimeRange[] = []
  for await (const files of scanFiles(store, ticks)) ranges.push(...files.map(rangeOf))
  const withTicks = HourSet.touching(mergeRanges(ranges)).wholeDays()
  const without = hoursBefore(touched, latestHeldUs(nowUs)).wholeDays().minus(withTicks)
  return known.union(oldest).union(without)
}

/** The end of the time that may be held: candles of the live window never are. */
function latestHeldUs(nowUs: Micros): Micros {
  return floorTo(widestWindow(nowUs).fromUs, DAY_US)
}

function hoursBefore(hours: HourSet, toUs: Micros): HourSet {
  return hours.within([{ fromUs: EVER.fromUs, toUs }])
}

const FILES_AT_ONCE = 8

/** When the first day begins that has ticks of hours which are not held; infinite where it is none up to the last of some days. */
async function firstDayWithTicks(
  store: ObjectStore,
  ticks: Table,
  days: HourSet,
  held: HourSet,
): Promise<Micros> {
  const within = { date_time: { to: (days.lastHour + 1) * HOUR_US - 1 } }
  let firstUs = Number.POSITIVE_INFINITY
  let unsure: { readonly dayUs: Micros; readonly file: LiveFile }[] = []
  for await (const files of scanFiles(store, ticks, { within })) {
    for (const file of files) {
      const dayUs = firstDay(rangeOf(file), held)
      if (dayUs >= firstUs) continue
      if (isEmptied(file)) unsure.push({ dayUs, file })
      else firstUs = dayUs
    }
    // Nothing is held then, whatever the others say.
    if (firstUs <= days.firstHour * HOUR_US) return firstUs
    unsure = unsure.filter(({ dayUs }) => dayUs < firstUs)
  }
  const sorted = unsure.sort((a, b) => a.dayUs - b.dayUs)
  for (let i = 0; i < sorted.length; i += FILES_AT_ONCE) {
    const some = sorted.slice(i, i + FILES_AT_ONCE)
    const have = await mapBounded(some, FILES_AT_ONCE, ({ file }) => mayHaveRows(store, file))
    const first = some.find((_, j) => have[j])
    if (first !== undefined) return first.dayUs
  }
  return firstUs
}

/** When the first day begins of which the range has an hour that is not held; infinite where all are. */
function firstDay({ fromUs, toUs }: TimeRange, held: HourSet): Micros {
  for (let hour = hourOf(fromUs); hour * HOUR_US < toUs; hour++) {
    if (!held.has(hour)) return floorTo(hour * HOUR_US, DAY_US)
  }
  return Number.POSITIVE_INFINITY
}

/** True where delete files name places enough for all rows of the file, as far as the manifests say. */
function isEmptied({ recordCount, deletes = [] }: LiveFile): boolean {
  const byPlace = deletes.filter(({ deletesBy }) => deletesBy !== 'equality')
  return byPlace.reduce((named, one) => named + one.recordCount, 0) >= recordCount
}

/** Also true where it cannot be told: then only the hours that need the file must wait for it. */
async function mayHaveRows(store: ObjectStore, file: LiveFile): Promise<boolean> {
  try {
    return (await liveRows(store, withoutEqualityDeletes(file))) > 0
  } catch (error) {
    if (!isOfOneFile(error)) throw error
    return true
  }
}
