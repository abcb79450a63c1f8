import { TickhouseError } from '../errors.ts'
import type { Catalog } from '../iceberg/catalog.ts'
import { versionOf } from '../iceberg/deletes/deletedRows.ts'
import { ObjectMissing } from '../iceberg/errors.ts'
import { currentSnapshot } from '../iceberg/metadata.ts'
import { ParsedFiles } from '../iceberg/parsedFiles.ts'
import { type RowGroup, readRowGroup, readRowGroups, readWhole } from '../iceberg/rowGroups.ts'
import type { Table } from '../iceberg/table.ts'
import type { ObjectStore } from '../ports.ts'
import type { Services } from '../services.ts'
import { candlesState } from '../tables/candlesState.ts'
import { CANDLES_SCHEMA, CANDLES_TABLE } from '../tables/candlesTable.ts'
import { loadTable } from '../tables/layout.ts'
import { type CandleArchive, type CandleSnapshot, newestOf, type SymbolMonths } from './candleArchive.ts'
import { CandleBlock } from './candleBlock.ts'
import { type Split, splitOfGroup, splitsOf } from './candleSplits.ts'
import { searchCandles } from './searchCandles.ts'
import { MONTHLY, SymbolDirectory } from './symbolDirectory.ts'

/** The shortest time between two questions to the catalog. */
const LOOK_EVERY_MS = 1_000

/** Limits of one process. */
export interface ReadLimits {
  /** The memory for rows, about. Files never change: after a commit only its new files are read. */
  readonly keptBytes: number
  /** The size up to which a file is read as a whole: the footer would take another request, and save nothing. */
  readonly wholeBytes: number
  /** The rows that one search reads, about: half a second of work where none of them is in memory. */
  readonly searchRows: number
}

const LIMITS: ReadLimits = { keptBytes: 64 * 1024 ** 2, wholeBytes: 256 * 1024, searchRows: 2_000_000 }

/** The most row groups whose metadata is kept, 5 kB each. */
const MAX_GROUPS = 4_000

/**
 * Reads candles from the files of the Iceberg table. Calls throw what `loadTable` and `readRowGroup` throw, and `FilesReplaced`
 * for a snapshot that was expired and whose files were removed.
 */
export class TableArchive implements CandleArchive {
  readonly #catalog: Catalog
  readonly #files: CandleReader
  readonly #nowMs: () => number
  #look: Promise<CandleSnapshot> | undefined
  #isAnswered = true
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #known: CandleSnapshot | undefined

  constructor(
    { catalog, store, nowMs }: Pick<Services, 'catalog' | 'store' | 'nowMs'>,
    limits: Partial<ReadLimits> = {},
  ) {
    this.#catalog = catalog
    this.#files = new CandleReader(store, { ...LIMITS, ...limits })
    this.#nowMs = nowMs
  }

  /** Asks the catalog at most once a second, and one question at a time. */
  current(): Promise<CandleSnapshot> {
    const nowMs = this.#nowMs()
    // A clock may be set back.
    const isOver = nowMs >= this.#lookedAtMs + LOOK_EVERY_MS || nowMs < this.#lookedAtMs
    if (this.#isAnswered && isOver) {
      this.#lookedAtMs = nowMs
      this.#look = this.#lookAgain()
    }
    return this.#look!
  }

  async #lookAgain(): Promise<CandleSnapshot> {
    this.#isAnswered = false
    try {
      const table = await loadTable(this.#catalog, CANDLES_TABLE)
      if (this.#known?.id !== idOf(table)) this.#known = this.#snapshotOf(table)
      return this.#known!
    } finally {
      this.#isAnswered = true
    }
  }

  #snapshotOf(table: Table): CandleSnapshot {
    const { search, symbols, ...snapshot } = snapshotOf(table, this.#files)
    const searching: CandleSnapshot['search'] = (...of) => this.#reading(table, () => search(...of))
    return {
      ...snapshot,
      symbols: () => this.#reading(table, symbols),
      search: searching,
      newest: (stretch, limit) => newestOf({ search: searching }, stretch, limit),
    }
  }

  /** Of a snapshot that is still on its table's list no file may be missing; of one that has left it, all may. */
  async #reading<Result>({ metadata }: Table, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof ObjectMissing)) throw error
      const { snapshots } = (await loadTable(this.#catalog, CANDLES_TABLE)).metadata
      const isListed = snapshots.some(({ snapshotId }) => snapshotId === metadata.currentSnapshotId)
      throw isListed ? error : new FilesReplaced(error)
    }
  }
}

/** Files of a snapshot were removed, as others have taken their place since it was looked up. */
export class FilesReplaced extends TickhouseError {
  constructor(cause: ObjectMissing) {
    super('FILES_REPLACED', 'the files of candles were replaced while they were read', {
      cause,
      retryable: true,
    })
  }
}

function idOf(table: Table): string {
  return String(currentSnapshot(table)!.snapshotId)
}

const US_PER_MS = 1_000

function snapshotOf(table: Table, reader: CandleReader): Omit<CandleSnapshot, 'newest'> {
  const splits = new ParsedFiles<readonly Split[]>(Number.POSITIVE_INFINITY, () => 0)
  const symbols = new ParsedFiles<readonly SymbolMonths[]>(Number.POSITIVE_INFINITY, () => 0)
  const of = (timeframe: string) =>
    splits.getOr(timeframe, () => splitsOf(reader.store, table, timeframe, reader.limits.wholeBytes))
  const search: CandleSnapshot['search'] = async (stretch, limit) =>
    searchCandles(
      {
        maxRows: reader.limits.searchRows,
        read: split => reader.block(split),
        groupsOf: split => reader.groups(split),
        monthsOf: async () => reader.directory.monthsOf(stretch, await of(MONTHLY)),
      },
      await of(stretch.timeframe),
      stretch,
      limit,
    )
  return {
    id: idOf(table),
    committedAtUs: currentSnapshot(table)!.timestampMs * US_PER_MS,
    state: candlesState(table),
    symbols: () => symbols.getOr('all', async () => reader.directory.symbols(await of(MONTHLY))),
    search,
  }
}

/** Reads files of candles, and keeps those that were used last. Callers who need the same file at once share one read. */
class CandleReader {
  readonly store: ObjectStore
  readonly directory: SymbolDirectory
  readonly limits: ReadLimits
  readonly #blocks: ParsedFiles<CandleBlock>
  readonly #groups = new ParsedFiles<readonly RowGroup[]>(MAX_GROUPS, ({ length }) => length + 1)

  constructor(store: ObjectStore, limits: ReadLimits) {
    this.store = store
    this.limits = limits
    this.#blocks = new ParsedFiles(limits.keptBytes, ({ bytes }) => bytes)
    this.directory = new SymbolDirectory(store)
  }

  async groups({ file }: Split): Promise<Split[]> {
    const groups = await this.#groups.getOr(file.path, () => readRowGroups(this.store, file, CANDLES_SCHEMA))
    return groups.map(group => splitOfGroup(file, group))
  }

  block({ file, group }: Split): Promise<CandleBlock> {
    const key = `${group?.firstRow ?? 'all'} ${versionOf(file)}`
    return this.#blocks.getOr(
      key,
      async () =>
        new CandleBlock(
          group === undefined
            ? await readWhole(this.store, file, CANDLES_SCHEMA)
            : await readRowGroup(this.store, file, group, CANDLES_SCHEMA),
        ),
    )
  }
}
