import { commitSnapshot } from '../../../lib/iceberg/commit.ts'
import { type DataFile, type LiveFile, partitionKey } from '../../../lib/iceberg/dataFile.ts'
import { ancestors } from '../../../lib/iceberg/metadata.ts'
import { decodeParquet } from '../../../lib/iceberg/parquet.ts'
import { planFiles } from '../../../lib/iceberg/plan.ts'
import type { ColumnValue } from '../../../lib/iceberg/schema.ts'
import { type Change, stageSnapshot } from '../../../lib/iceberg/stage.ts'
import type { Table, TableIdent } from '../../../lib/iceberg/table.ts'
import { writeDataFile } from '../../../lib/iceberg/write.ts'
import type { Candle } from '../../../lib/market/candle.ts'
import { type HourSet, HourSet as Hours, hourOf } from '../../../lib/market/hours.ts'
import { monthOf } from '../../../lib/rollup/storedCandles.ts'
import { publishable } from '../../../lib/rollup/takeBack.ts'
import { candlesState } from '../../../lib/tables/candlesState.ts'
import { CANDLES_TABLE, candleColumns } from '../../../lib/tables/candlesTable.ts'
import { carriedState, carriesState } from '../../../lib/tables/layout.ts'
import { TICKS_SCHEMA, TICKS_TABLE } from '../../../lib/tables/ticksTable.ts'
import type { TickRow } from '../../support/tableRows.ts'
import type { SimWorld } from './world.ts'

/** Commits as another engine does: its snapshots say nothing of ticks; or as a version of ours that had a bug. */
async function commit(
  { catalog, store, time }: SimWorld,
  table: Table,
  change: Pick<Change, 'add' | 'remove' | 'rewriteOf'>,
  isOurs = false,
): Promise<Table> {
  const summary = isOurs ? { summary: carriedState(table) } : {}
  const staged = await stageSnapshot(store, table, { ...change, ...summary, nowMs: time.wallMs })
  return commitSnapshot(catalog, table, staged)
}

/** Deletes the ticks that are chosen, as copy-on-write engines do; gives the hours that they were in. */
export async function deleteTicks(world: SimWorld, isDeleted: (tick: TickRow) => boolean): Promise<HourSet> {
  const { catalog, store, judge } = world
  const table = await catalog.loadTable(TICKS_TABLE)
  const hours = new Set<number>()
  const add: DataFile[] = []
  const remove: LiveFile[] = []
  for (const file of await planFiles(store, table)) {
    const ticks = await judge.rows.tickFile(file)
    const deleted = ticks.filter(isDeleted)
    if (deleted.length === 0) continue
    for (const { dateTimeUs } of deleted) hours.add(hourOf(dateTimeUs))
    remove.push(file)
    const kept = [...ticks.keys()].filter(i => !isDeleted(ticks[i]!))
    if (kept.length > 0) add.push(await rewriteTicks(world, table, [file], kept))
  }
  const gone = Hours.of(hours)
  if (remove.length > 0) judge.ticksChanged(await commit(world, table, { add, remove }), gone)
  return gone
}

/** The time and the offset of a tick that another engine inserts; Kafka has no such record. */
export type Place = Pick<TickRow, 'dateTimeUs' | 'partition' | 'offset'>

/** Adds copies of a tick, a file each. */
export async function insertTicks(world: SimWorld, like: TickRow, places: readonly Place[]): Promise<void> {
  const { catalog, store, judge } = world
  const table = await catalog.loadTable(TICKS_TABLE)
  for (const file of await planFiles(store, table)) {
    const i = (await judge.rows.tickFile(file)).findIndex(tick => isSamePlace(tick, like))
    if (i < 0) continue
    const columns = await decodeParquet(await store.read(file.path), TICKS_SCHEMA)
    const row = Object.entries(columns).map(([name, values]) => [name, [values[i]!]] as const)
    const add = await Promise.all(
      places.map(({ dateTimeUs, partition, offset }) =>
        writeDataFile(
          store,
          table,
          {
            ...Object.fromEntries(row),
            date_time: [dateTimeUs],
            kafka_partition: [partition],
            kafka_offset: [offset],
          },
          1,
        ),
      ),
    )
    const hours = Hours.of(places.map(({ dateTimeUs }) => hourOf(dateTimeUs)))
    judge.ticksChanged(await commit(world, table, { add }), hours)
    return
  }
}

function isSamePlace(a: TickRow, b: TickRow): boolean {
  return a.epoch === b.epoch && a.partition === b.partition && a.offset === b.offset
}

/** A file of which the table says less, or more, than is true: without bounds, it may hold anything; a flood of rows costs nothing. */
export interface Told {
  readonly claimedRows?: number
  readonly hasBounds?: boolean
}

function toldOf(file: DataFile, { claimedRows = 0, hasBounds = true }: Told): DataFile {
  const { lowerBounds, upperBounds, ...rest } = file
  const bounds = { ...(lowerBounds && { lowerBounds }), ...(upperBounds && { upperBounds }) }
  return { ...rest, ...(hasBounds && bounds), recordCount: Math.max(file.recordCount, claimedRows) }
}

/** Writes the rows of some files as one; of a single file, only those named. */
async function rewriteTicks(
  { store }: SimWorld,
  table: Table,
  files: readonly LiveFile[],
  kept?: readonly number[],
): Promise<DataFile> {
  const columns: Record<string, ColumnValue[]> = {}
  for (const { path } of files) {
    for (const [name, values] of Object.entries(await decodeParquet(await store.read(path), TICKS_SCHEMA))) {
      columns[name] = [...(columns[name] ?? []), ...(kept ? kept.map(i => values[i]!) : values)]
    }
  }
  return writeDataFile(store, table, columns, columns.source!.length)
}

/** Rewrites the tick files that are chosen, like for like, a file for each partition. */
export async function mergeTicks(
  world: SimWorld,
  isChosen: (file: LiveFile) => boolean,
  { keepsAge, ...told }: Told & { readonly keepsAge: boolean },
): Promise<number> {
  const table = await world.catalog.loadTable(TICKS_TABLE)
  const remove = await planFiles(world.store, table, { keep: isChosen })
  if (remove.length === 0) return 0
  const add: DataFile[] = []
  for (const files of Map.groupBy(remove, partitionKey).values()) {
    add.push(toldOf(await rewriteTicks(world, table, files), told))
  }
  const rewriteOf = Math.max(...remove.map(({ sequenceNumber }) => sequenceNumber))
  await commit(world, table, { add, remove, ...(keepsAge && { rewriteOf }) })
  return remove.length
}

/** Whose commit it is, and what the table says of its files. */
export interface Changed extends Told {
  readonly isOurs: boolean
  /** True for the same rows in other files, as the snapshot says. */
  readonly isRewrite?: boolean
  /** True: each symbol of a partition gets a file of its own. */
  readonly bySymbol?: boolean
}

/**
 * Puts other rows in the place of the candles', each partition in one file unless said. Gives whose commit it is: over what others did and
 * nobody has looked at, it is never ours, as it would be taken back together with that.
 */
export async function changeCandles(
  world: SimWorld,
  change: (rows: readonly Candle[]) => readonly Candle[],
  { isOurs: mayBeOurs, isRewrite = false, bySymbol = false, ...told }: Changed,
): Promise<'ours' | 'foreign'> {
  const { catalog, store, judge } = world
  const table = await catalog.loadTable(CANDLES_TABLE)
  const isOurs = mayBeOurs && publishable(table, candlesState(table).candlesSequence) === table
  const remove = await planFiles(store, table)
  const rows = change(await judge.rows.candles(table))
  const files = Map.groupBy(rows, ({ timeframe, dateTimeUs, symbol }) => {
    return `${timeframe}/${monthOf(dateTimeUs)}/${bySymbol ? symbol : ''}`
  })
  const add: DataFile[] = []
  for (const some of files.values()) {
    add.push(toldOf(await writeDataFile(store, table, candleColumns(some), some.length), told))
  }
  const rewriteOf = Math.max(0, ...remove.map(({ sequenceNumber }) => sequenceNumber))
  const committed = await commit(world, table, { add, remove, ...(isRewrite && { rewriteOf }) }, isOurs)
  if (isOurs) await judge.accept(committed)
  return isOurs ? 'ours' : 'foreign'
}

/** Makes an earlier version of a table the current one: so many commits ago, or the earliest that may be chosen. */
export async function rollBack(
  { catalog, judge }: SimWorld,
  ident: TableIdent,
  commits: number,
  mayBe: (version: Table) => boolean = () => true,
): Promise<Table> {
  const table = await catalog.loadTable(ident)
  const history = [...ancestors(table)]
  // Before the last of them there was no state.
  const ours = history.slice(0, history.findLastIndex(({ summary }) => carriesState(summary)) + 1)
  const versions = ours
    .map(({ snapshotId }) => snapshotId)
    .filter(currentSnapshotId => mayBe({ ...table, metadata: { ...table.metadata, currentSnapshotId } }))
  const snapshotId = versions[Math.min(commits, versions.length - 1)]!
  const rolledBack = await catalog.commit(
    ident,
    [{ type: 'assert-table-uuid', uuid: table.metadata.tableUuid }],
    [{ action: 'set-snapshot-ref', ref: 'main', type: 'branch', snapshotId }],
  )
  judge.unmarkAll()
  if (ident.name === CANDLES_TABLE.name) await judge.rollBack(rolledBack)
  return rolledBack
}

/** Takes all snapshots of the history off a table's list but the newest, back to one that carries our state. */
export async function expire({ catalog }: SimWorld, ident: TableIdent, keep: number): Promise<number> {
  const table = await catalog.loadTable(ident)
  const history = [...ancestors(table)]
  const ours = history.findIndex(({ summary }) => carriesState(summary))
  const kept = new Set(history.slice(0, Math.max(keep, ours + 1)))
  const gone = history.filter(snapshot => !kept.has(snapshot))
  if (gone.length > 0) {
    const snapshotIds = gone.map(({ snapshotId }) => snapshotId)
    await catalog.commit(
      ident,
      [{ type: 'assert-table-uuid', uuid: table.metadata.tableUuid }],
      [{ action: 'remove-snapshots', snapshotIds }],
    )
  }
  return gone.length
}
