import type { Candle } from '../market/candle.ts'
import type { TimeRange } from '../market/range.ts'
import type { Micros } from '../market/time.ts'
import type { CandleStretch, FoundCandles } from './candleArchive.ts'
import type { CandleBlock } from './candleBlock.ts'
import { isOfOneSymbol, mayBegin, mayHold, type Split } from './candleSplits.ts'

/** The reads of one search. */
export interface SplitReader {
  /** The count of rows after which a search stops, about. */
  readonly maxRows: number
  read(split: Split): Promise<CandleBlock>
  /** The row groups of a file. */
  groupsOf(split: Split): Promise<readonly Split[]>
  /** The months in which the symbol has candles. */
  monthsOf(): Promise<readonly TimeRange[]>
}

/** Places read at the same time, wave by wave: the first two are often enough. */
const AT_ONCE = [2, 4, 8]
/** With more splits left after two waves, the months in which the symbol has candles are looked up. */
const FEW_SPLITS = 8

/** The count of rows that reading a footer is reckoned as. */
const ROWS_OF_FOOTER = 5_000

/**
 * Searches the splits from the newest to the oldest, until no split left can hold a candle newer than those found. Rows may lie
 * in any order, and splits may overlap.
 */
export async function searchCandles(
  reader: SplitReader,
  splits: readonly Split[],
  stretch: CandleStretch,
  limit: number,
): Promise<FoundCandles> {
  let left = newestFirst(splits.filter(split => mayHold(split, stretch)))
  let found: Candle[] = []
  let months: readonly TimeRange[] | undefined
  const done: Split[] = []
  for (let wave = 0; left.length > 0; wave++) {
    const restUs = left[0]!.lastUs + 1
    const oldestUs = found.length < limit ? stretch.fromUs : found.at(-1)!.dateTimeUs
    if (found.length === limit && restUs <= oldestUs + 1) break
    if (restUs < stretch.toUs && isEnough(done, restUs, reader.maxRows))
      return { candles: found.filter(({ dateTimeUs }) => dateTimeUs >= restUs), restUs }
    if (wave > 1 && left.length > FEW_SPLITS) {
      months ??= await reader.monthsOf()
      left = left.filter(split => mayBegin(split, stretch.timeframe, months!))
    }
    const next = nextSplits(left, AT_ONCE[wave] ?? AT_ONCE.at(-1)!, limit - found.length)
    const rest = { ...stretch, fromUs: oldestUs }
    const read = await Promise.all(next.map(split => readSplit(reader, split, rest, limit)))
    done.push(...next)
    found = newest([...found, ...read.flatMap(({ candles }) => candles)], limit)
    left = newestFirst([...left.slice(next.length), ...read.flatMap(({ groups }) => groups)])
  }
  return { candles: found, restUs: undefined }
}

/**
 * True when the search has read `maxRows`, and the next one, which goes on at `restUs`, would read at most half of them again.
 * Where splits overlap more than that, one long search is faster than many short ones.
 */
function isEnough(done: readonly Split[], restUs: Micros, maxRows: number): boolean {
  const rows = rowsOf(done)
  return rows >= maxRows && rowsOf(done.filter(({ firstUs }) => firstUs < restUs)) <= rows / 2
}

function rowsOf(splits: readonly Split[]): number {
  return splits.reduce((sum, split) => sum + (split.hasGroups ? ROWS_OF_FOOTER : split.rowCount), 0)
}

function newestFirst(splits: readonly Split[]): Split[] {
  return splits.toSorted((a, b) => b.lastUs - a.lastUs)
}

function newest(candles: Candle[], limit: number): Candle[] {
  return candles.sort((a, b) => b.dateTimeUs - a.dateTimeUs).slice(0, limit)
}

/** The first splits, at most `atOnce`; fewer where these are certain to have `wanted` candles. */
function nextSplits(splits: readonly Split[], atOnce: number, wanted: number): Split[] {
  const next: Split[] = []
  let sure = 0
  for (const split of splits.slice(0, atOnce)) {
    next.push(split)
    if (isOfOneSymbol(split)) sure += split.rowCount
    if (sure >= wanted) break
  }
  return next
}

/** The candles of a split; for a file with several row groups, those groups that may hold candles of the stretch. */
async function readSplit(
  reader: SplitReader,
  split: Split,
  stretch: CandleStretch,
  limit: number,
): Promise<{ readonly candles: readonly Candle[]; readonly groups: readonly Split[] }> {
  if (!split.hasGroups) return { candles: (await reader.read(split)).newest(stretch, limit), groups: [] }
  const groups = await reader.groupsOf(split)
  return { candles: [], groups: groups.filter(group => mayHold(group, stretch)) }
}
