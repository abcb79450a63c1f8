import type { Candle } from '../market/candle.ts'
import type { TimeRange } from '../market/range.ts'
import type { Micros } from '../market/time.ts'
import type { CandleStretch, FoundCandles } from './candleArchive.ts'
import type { CandleBlock } from './candleBlock.ts'
import { isOfOneSymbol, mayBegin, mayHold, type Place } from './candlePlaces.ts'

/** How a search reads what it needs. */
export interface PlaceReader {
  /** Rows among which one search looks, about. */
  readonly maxRows: number
  read(place: Place): Promise<CandleBlock>
  /** The row groups of a file. */
  groupsOf(place: Place): Promise<readonly Place[]>
  /** The months in which the symbol has candles. */
  monthsOf(): Promise<readonly TimeRange[]>
}

/** Places that are read at once: few at first, as they are often enough. */
const AT_ONCE = [2, 4, 8]
/** With more places left after two rounds, the months in which the symbol has candles are looked up. */
const FEW_PLACES = 8

/** What a footer counts for. */
const ROWS_OF_FOOTER = 5_000

/**
 * Looks through the places from the newest on, until nothing can be newer than the candles that were found. It makes no difference
 * in which order rows lie in a place, nor whether places overlap.
 */
export async function searchCandles(
  reader: PlaceReader,
  places: readonly Place[],
  stretch: CandleStretch,
  limit: number,
): Promise<FoundCandles> {
  let left = newestFirst(places.filter(place => mayHold(place, stretch)))
  let found: Candle[] = []
  let months: readonly TimeRange[] | undefined
  const done: Place[] = []
  for (let wave = 0; left.length > 0; wave++) {
    const restUs = left[0]!.lastUs + 1
    const oldestUs = found.length < limit ? stretch.fromUs : found.at(-1)!.dateTimeUs
    if (found.length === limit && restUs <= oldestUs + 1) break
    if (restUs < stretch.toUs && isEnough(done, restUs, reader.maxRows))
      return { candles: found.filter(({ dateTimeUs }) => dateTimeUs >= restUs), restUs }
    if (wave > 1 && left.length > FEW_PLACES) {
      months ??= await reader.monthsOf()
      left = left.filter(place => mayBegin(place, stretch.timeframe, months!))
    }
    const next = nextPlaces(left, AT_ONCE[wave] ?? AT_ONCE.at(-1)!, limit - found.length)
    const rest = { ...stretch, fromUs: oldestUs }
    const read = await Promise.all(next.map(place => readPlace(reader, place, rest, limit)))
    done.push(...next)
    found = newest([...found, ...read.flatMap(({ candles }) => candles)], limit)
    left = newestFirst([...left.slice(next.length), ...read.flatMap(({ groups }) => groups)])
  }
  return { candles: found, restUs: undefined }
}

/**
 * True when a search has looked among so many rows, and the next one, which goes on at the moment, would look again among half of
 * them at most: where places overlap, many small steps would take far longer than one.
 */
function isEnough(done: readonly Place[], restUs: Micros, maxRows: number): boolean {
  const rows = rowsOf(done)
  return rows >= maxRows && rowsOf(done.filter(({ firstUs }) => firstUs < restUs)) <= rows / 2
}

function rowsOf(places: readonly Place[]): number {
  return places.reduce((sum, place) => sum + (place.hasGroups ? ROWS_OF_FOOTER : place.rowCount), 0)
}

function newestFirst(places: readonly Place[]): Place[] {
  return places.toSorted((a, b) => b.lastUs - a.lastUs)
}

function newest(candles: Candle[], limit: number): Candle[] {
  return candles.sort((a, b) => b.dateTimeUs - a.dateTimeUs).slice(0, limit)
}

/** The first place and further ones, as many as may be read at once, or fewer where these surely have `wanted` candles. */
function nextPlaces(places: readonly Place[], atOnce: number, wanted: number): Place[] {
  const next: Place[] = []
  let sure = 0
  for (const place of places.slice(0, atOnce)) {
    next.push(place)
    if (isOfOneSymbol(place)) sure += place.rowCount
    if (sure >= wanted) break
  }
  return next
}

/** Candles of a place; of a file with several row groups, only which of these may have candles of the stretch. */
async function readPlace(
  reader: PlaceReader,
  place: Place,
  stretch: CandleStretch,
  limit: number,
): Promise<{ readonly candles: readonly Candle[]; readonly groups: readonly Place[] }> {
  if (!place.hasGroups) return { candles: (await reader.read(place)).newest(stretch, limit), groups: [] }
  const groups = await reader.groupsOf(place)
  return { candles: [], groups: groups.filter(group => mayHold(group, stretch)) }
}
