import { commitSnapshot } from '../iceberg/commit.ts'
import type { LiveFile } from '../iceberg/dataFile.ts'
import { isOfOneFile } from '../iceberg/errors.ts'
import { removeOldMetadata } from '../iceberg/removeOldMetadata.ts'
import { type Change, type Staged, stageSnapshot } from '../iceberg/stage.ts'
import type { Table } from '../iceberg/table.ts'
import { encodeDataFiles } from '../iceberg/write.ts'
import { mapBounded } from '../mapBounded.ts'
import type { Candle, CandleKey, ComputedCandle } from '../market/candle.ts'
import { CandleBook, symbolKey } from '../market/candleBook.ts'
import { decideCandles } from '../market/decide.ts'
import type { HourSet } from '../market/hours.ts'
import { holdsMoment, mergeRanges, type TimeRange } from '../market/range.ts'
import { type Reach, type RefoldScope, type RowsFor, refold, rowsFor } from '../market/refold.ts'
import { MINUTE_US } from '../market/time.ts'
import { timeframeOfRemoved } from '../market/timeframe.ts'
import type { ObjectStore } from '../ports.ts'
import type { Services } from '../services.ts'
import { SomeSymbols } from '../tables/candleFiles.ts'
import { type CandlesState, candlesSummary } from '../tables/candlesState.ts'
import { CANDLE_ROW_GROUP_ROWS, candleColumns } from '../tables/candlesTable.ts'
import { candlesRetention } from '../tables/retention.ts'
import { givenOut } from './givenOut.ts'
import { type Layout, layOut } from './layOut.ts'
import { placesOf } from './places.ts'
import { closedBy } from './staleHours.ts'
import {
  type FileWithRows,
  isMerelyBeside,
  liveReach,
  readMinuteByMinute,
  readOnce,
  touchedFiles,
} from './storedCandles.ts'
import { isInShare, type SymbolShare } from './symbolShare.ts'
import { refuseForeign } from './takeBack.ts'

export type CommitServices = Pick<Services, 'catalog' | 'store' | 'settings' | 'stages' | 'nowMs'>

/** What a commit makes of the candles, computed from one version of the table. */
export interface CandleChange {
  /** All files of that version. */
  readonly files: readonly LiveFile[]
  /** m1 candles as their ticks say. */
  readonly computed: readonly ComputedCandle[]
  /** Stored m1 candles that have no tick. */
  readonly surplus: readonly CandleKey[]
  /** Stretches of minutes of which `computed` has every candle: other stored candles there have no ticks. */
  readonly complete: readonly TimeRange[]
  readonly scope: RefoldScope
  /** Whose candles these are; those of other symbols stay as they are. */
  readonly share: SymbolShare
  /** Files that may hold open candles which close now. */
  readonly closing: readonly LiveFile[]
  /** True when the next call reads nearly the same files again. */
  readonly isLive: boolean
}

/** Times of a live round, for the summary. */
export interface LiveTimes {
  /** When it began, by `performance.now()`. */
  readonly startedMs: number
  /** True when candles close up to a later moment than before. */
  readonly closesMinute: boolean
}

/** What a commit left behind. */
export interface CommittedCandles {
  readonly table: Table
  readonly state: CandlesState
  /** Rows written: candles that are new, changed, closed or removed. */
  readonly changed: number
}

const FILES_AT_ONCE = 16
/** Files whose rows, up to 50,000 each, are in memory at the same time. */
const REWRITTEN_AT_ONCE = 2

/**
 * Commits a change of m1 candles, with the coarser candles that follow from it, on exactly the version it was computed from.
 * Throws `CommitConflict` also where that version has a foreign snapshot that was not inspected.
 */
export async function commitCandles(
  services: CommitServices,
  candles: Table,
  /** What the summary will say, but for the stamp, which is the newest there was. */
  next: CandlesState,
  change: CandleChange,
  live?: LiveTimes,
): Promise<CommittedCandles> {
  const { catalog, store, stages, nowMs } = services
  refuseForeign(candles, next.candlesSequence)
  const { stored, book } = await stages.time('read', () => readBook(services, change))
  const given = await givenOut(store, candles, next)
  const stampUs = Math.max(nowMs() * 1000, given.stampUs + 1)
  const revisionFloor = given.revision
  const decided = decideCandles({
    book,
    stored: openRows(stored),
    isOver: closedBy(next.hours, next.closedUntilUs),
    stampUs,
    revisionFloor,
  })
  const layout = layOut(stored, decided, placesOf(candles))
  const state = {
    ...next,
    candlesSequence: candles.metadata.lastSequenceNumber + 1,
    stampUs,
    revisionFloor,
    ...(live && timesOf(next, live, nowMs())),
  }
  const staged = await stages.time('write', () =>
    writeLayout(services, candles, layout, { summary: candlesSummary(state), nowMs: nowMs() }),
  )
  const table = await stages.time('commit', () => commitSnapshot(catalog, candles, staged))
  await stages.time('tidy', () => removeOldMetadata(store, candles, table))
  return { table, state, changed: decided.rows.length }
}

function timesOf({ closedUntilUs }: CandlesState, { startedMs, closesMinute }: LiveTimes, atMs: number) {
  const roundMs = Math.round(performance.now() - startedMs)
  // 0 where this clock is behind.
  return closesMinute
    ? { roundMs, delayMs: Math.max(0, Math.round(atMs - closedUntilUs / 1_000)) }
    : { roundMs }
}

interface Book {
  readonly stored: FileWithRows[]
  readonly book: CandleBook
}

/** True for a stored row that candles are put together from, or that they may replace. */
type IsWanted = (row: Candle) => boolean

/** The stored rows that the change has to do with, and over them what they become. */
async function readBook(services: CommitServices, change: CandleChange): Promise<Book> {
  const { files, computed, surplus, complete, scope, isLive } = change
  const minutes = minutesOf(computed, surplus, complete, scope.whole)
  const reach = isLive ? liveReach(files, minutes) : 'whole'
  const book = await readReach(services, change, minutes, reach)
  return book ?? (await readReach(services, change, minutes, 'whole'))!
}

/** Undefined when the rows of the reach are not enough to compute the coarser candles. */
async function readReach(
  { store }: CommitServices,
  { files, computed, surplus, complete, scope, share, closing, isLive }: CandleChange,
  minutes: readonly TimeRange[],
  reach: Reach,
): Promise<Book | undefined> {
  const rows = rowsFor(minutes, reach)
  // In complete and whole stretches, candles of any symbol may be surplus or damaged.
  const ofAll = complete.length > 0 || !scope.whole.isEmpty
  const symbols = ofAll ? undefined : new SomeSymbols([...computed, ...surplus])
  const isWanted = wantedBy(rows, share, symbols)
  const touched = touchedFiles(files, rows, symbols)
  const changing = [...new Set([...touched.changing, ...closing])]
  const isChanging = new Set(changing)
  const isClosing = new Set(closing)
  const beside = changing.filter(file => !isClosing.has(file) && isMerelyBeside(file, rows, symbols))
  const isBeside = new Set(beside)
  const read = isLive
    ? readMinuteByMinute
    : (store: ObjectStore, files: readonly LiveFile[]) => readOnce(store, files, isWanted)
  const [needed, merged, others] = await Promise.all([
    read(
      store,
      changing.filter(file => !isBeside.has(file)),
    ),
    mapBounded(beside, FILES_AT_ONCE, file => read(store, [file]).catch(nothingOfBadFile)),
    read(
      store,
      touched.reading.filter(file => !isChanging.has(file)),
    ),
  ])
  const stored = [...needed, ...merged.flat()]
  const book = bookOf([...stored, ...others], isWanted)
  for (const key of surplus) book.remove(key)
  for (const key of withoutTicks(book, computed, complete)) book.remove(key)
  for (const candle of computed) book.put(candle)
  return refold(book, scope, reach) ? { stored, book } : undefined
}

/** What was to be merged, and cannot be read, stays as it is: no candle of the change needs it. */
function nothingOfBadFile(error: unknown): [] {
  if (!isOfOneFile(error)) throw error
  return []
}

function minutesOf(
  computed: readonly ComputedCandle[],
  surplus: readonly CandleKey[],
  complete: readonly TimeRange[],
  whole: HourSet,
): TimeRange[] {
  const starts = new Set([...computed, ...surplus].map(({ dateTimeUs }) => dateTimeUs))
  const minutes = [...starts].map(fromUs => ({ fromUs, toUs: fromUs + MINUTE_US }))
  return mergeRanges([...minutes, ...complete, ...whole.ranges()])
}

function wantedBy({ changing, reading }: RowsFor, share: SymbolShare, symbols?: SomeSymbols): IsWanted {
  return row => {
    const removed = timeframeOfRemoved(row.timeframe)
    const ranges = removed === undefined ? reading.get(row.timeframe) : changing.get(removed)
    if (ranges === undefined || !holdsMoment(ranges, row.dateTimeUs)) return false
    return isInShare(share, row.symbol) && (symbols?.has(row) ?? true)
  }
}

function bookOf(files: readonly FileWithRows[], isWanted: IsWanted): CandleBook {
  const book = new CandleBook()
  for (const { rows } of files) for (const row of rows) if (isWanted(row)) book.add(row)
  return book
}

/** Stored m1 candles of the complete stretches that were not computed. */
function* withoutTicks(
  book: CandleBook,
  computed: readonly ComputedCandle[],
  complete: readonly TimeRange[],
): Generator<CandleKey> {
  const byMinute = Map.groupBy(computed, ({ dateTimeUs }) => dateTimeUs)
  for (const { fromUs, toUs } of complete) {
    for (let timeUs = fromUs; timeUs < toUs; timeUs += MINUTE_US) {
      const symbols = new Set(byMinute.get(timeUs)?.map(symbolKey))
      for (const [symbol, { source, symbol: name }] of book.symbolsAt('m1', timeUs)) {
        if (!symbols.has(symbol)) yield { source, symbol: name, timeframe: 'm1', dateTimeUs: timeUs }
      }
    }
  }
}

function* openRows(stored: readonly FileWithRows[]): Generator<Candle> {
  for (const { rows } of stored) for (const row of rows) if (!row.closed) yield row
}

/** Writes the data files and the snapshot's files at once, as nobody reads any of them before the commit. */
async function writeLayout(
  { store, settings }: CommitServices,
  candles: Table,
  { remove, write, rewrite, rewritten }: Layout,
  change: Pick<Change, 'summary' | 'nowMs'>,
): Promise<Staged> {
  const encode = (rows: readonly Candle[]) =>
    encodeDataFiles(candles, candleColumns(rows), rows.length, CANDLE_ROW_GROUP_ROWS)
  const again = await mapBounded(rewrite, REWRITTEN_AT_ONCE, async file => {
    const [{ rows } = { rows: [] }] = await readOnce(store, [file])
    const newRows = rewritten(rows)
    return newRows.length === 0 ? [] : encode(newRows)
  })
  const encoded = [...write.flatMap(encode), ...again.flat()]
  const add = encoded.map(({ file }) => file)
  const [staged] = await Promise.all([
    stageSnapshot(store, candles, { ...change, add, remove }, candlesRetention(settings)),
    mapBounded(encoded, FILES_AT_ONCE, ({ file, bytes }) => store.write(file.path, bytes)),
  ])
  return staged
}
