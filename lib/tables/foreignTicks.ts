import { z } from 'zod'
import { TickhouseError } from '../errors.ts'
import { changesOf, type FileChanges, isUnchanged, NO_CHANGES } from '../iceberg/changes.ts'
import type { DataFile } from '../iceberg/dataFile.ts'
import { type Lineage, lineageSince } from '../iceberg/lineage.ts'
import { currentManifests } from '../iceberg/manifest/readManifests.ts'
import { ancestors, type Snapshot } from '../iceberg/metadata.ts'
import { type Table, tableName } from '../iceberg/table.ts'
import { HourSet } from '../market/hours.ts'
import type { ObjectStore } from '../ports.ts'
import {
  type ForeignChange,
  type ForeignKind,
  joinChanges,
  STORED_CHANGES,
  storeChanges,
} from './foreignChanges.ts'
import { carriesState, newestOwn, ownSummary, parseState } from './layout.ts'
import { isOfAnyTime, rangeOf } from './tickFiles.ts'
import { type TickTotals, ticksState } from './ticksTable.ts'

/**
 * Changes that other engines made to `market_data.stock_ticks`. The table lists its snapshots for minutes only, so each commit
 * of ours carries the changes on for a rollup that has not seen them yet.
 */
export interface ForeignTicks {
  /** Snapshots up to this sequence number were inspected: the commit with this summary, and all before it. */
  readonly lookedAt: number
  /** The changes since a version with a lower sequence number are not all known any more. */
  readonly since: number
  /** Rows in data files that others added, minus those in files that they removed. Rows under delete files count too. */
  readonly rows: number
  /** The oldest first; few. */
  readonly changes: readonly ForeignChange[]
}

const FOREIGN_KEY = 'tickhouse.foreign'

const STORED_FOREIGN = z.object({
  lookedAt: z.int().nonnegative(),
  since: z.int().nonnegative(),
  rows: z.int(),
  changes: STORED_CHANGES,
})

/** The changes of others that our newest ancestor carries; none from a version of tickhouse that did not record them. */
export function foreignTicks(table: Table): ForeignTicks {
  const text = ownSummary(table)?.[FOREIGN_KEY]
  return text === undefined
    ? { lookedAt: newestOwn(table), since: 0, rows: 0, changes: [] }
    : parseState(`${tableName(table.ident)}: ${FOREIGN_KEY}`, text, STORED_FOREIGN)
}

/** A new record without changes, for a commit after which every hour is recomputed in any case. */
export async function foreignAnew(
  store: ObjectStore,
  table: Table,
  totals: Pick<TickTotals, 'ticks'>,
): Promise<ForeignTicks> {
  const rows = await rowsOfOthers(store, table, totals)
  return { lookedAt: nextSequence(table), since: 0, rows, changes: [] }
}

/** The record as properties of a snapshot's summary. */
export function foreignSummary({ changes, ...foreign }: ForeignTicks): Record<string, string> {
  return { [FOREIGN_KEY]: JSON.stringify({ ...foreign, changes: storeChanges(changes) }) }
}

/** A rollup that was down for longer takes all hours as changed. */
const KEPT_MS = 7 * 24 * 3_600_000
/** The changes are in every summary, and metadata lists hundreds of snapshots. */
const MAX_CHANGES = 16
const MAX_LENGTH = 4_096

/** The record for the next commit on the table: known changes, and those made since. Without new ones it reads no file. */
export async function lookAtTicks(store: ObjectStore, table: Table, nowMs: number): Promise<ForeignTicks> {
  const known = foreignTicks(table)
  const lineage = lineageSince(table, known.lookedAt)
  const { changes, rows } = await changesIn(store, table, lineage, nowMs)
  const undone = await undoneIn(store, table, lineage, nowMs)
  const kept = [...known.changes, ...changes, ...undone].filter(({ seenMs }) => seenMs > nowMs - KEPT_MS)
  const forgotten = known.changes.filter(({ seenMs }) => seenMs <= nowMs - KEPT_MS)
  return {
    lookedAt: nextSequence(table),
    since: Math.max(known.since, ...forgotten.map(({ sequence }) => sequence)),
    rows: rows === undefined ? await rowsOfOthers(store, table, ticksState(table).totals) : known.rows + rows,
    changes: shortened(kept),
  }
}

/**
 * Changes of others since the version that the candles have seen, the oldest first: those that ingest carried on, and those
 * after its newest commit.
 */
export async function foreignTicksSince(
  store: ObjectStore,
  table: Table,
  ticksSequence: number,
  nowMs: number,
): Promise<readonly ForeignChange[]> {
  const { lookedAt, since, changes } = foreignTicks(table)
  const passedOn = changes.filter(
    ({ sequence, beyond = 0 }) => sequence > ticksSequence && ticksSequence >= beyond,
  )
  const forgotten = ticksSequence < since ? [unknown(since, nowMs)] : []
  const isInHistory = [...ancestors(table)].some(({ sequenceNumber }) => sequenceNumber === ticksSequence)
  const isBeyond = ticksSequence > lookedAt
  const lineage = lineageSince(table, isBeyond && isInHistory ? ticksSequence : lookedAt)
  const { changes: later } = await changesIn(store, table, lineage, nowMs)
  const undone = isBeyond && !isInHistory ? await undoneIn(store, table, lineage, nowMs) : []
  return [...forgotten, ...passedOn, ...later, ...undone]
}

/** Rows that others added minus those that they removed, up to the current snapshot; undefined where it cannot be known. */
export async function rowsByOthers(store: ObjectStore, table: Table): Promise<number | undefined> {
  const { lookedAt, rows } = foreignTicks(table)
  const since = await changesIn(store, table, lineageSince(table, lookedAt), 0)
  return since.rows === undefined ? undefined : rows + since.rows
}

interface Changes {
  readonly changes: readonly ForeignChange[]
  /** Rows in added data files minus those in removed ones; undefined where it cannot be known. */
  readonly rows: number | undefined
}

async function changesIn(
  store: ObjectStore,
  table: Table,
  { since, hasGap }: Lineage,
  nowMs: number,
): Promise<Changes> {
  const changes: ForeignChange[] = hasGap ? [unknown(nextSequence(table), nowMs)] : []
  let rows: number | undefined = hasGap ? undefined : 0
  for (const snapshot of since) {
    const found = carriesState(snapshot.summary) ? NO_CHANGES : await attempt(store, table, snapshot)
    if (found !== undefined && isUnchanged(found)) {
      // Who merges files leaves out the rows that delete files name.
      if (rows !== undefined) rows += rowsMerged(snapshot)
      continue
    }
    rows = rows === undefined || found === undefined ? undefined : rows + countRows(found)
    changes.push({
      sequence: snapshot.sequenceNumber,
      seenMs: nowMs,
      kinds: { [found === undefined ? 'unknown' : kindOf(found)]: 1 },
      snapshotId: String(snapshot.snapshotId),
      operation: snapshot.summary.operation,
      hours: found === undefined ? 'all' : hoursOf(found),
    })
  }
  return { changes, rows }
}

/** Rows that a merge of files added minus those that it removed; 0 for every other commit. */
function rowsMerged({ summary }: Snapshot): number {
  if (summary.operation !== 'replace') return 0
  return Number(summary['added-records'] ?? 0) - Number(summary['deleted-records'] ?? 0)
}

/** Undefined where the snapshot's own files are gone or cannot be read. */
async function attempt(
  store: ObjectStore,
  table: Table,
  snapshot: Snapshot,
): Promise<FileChanges | undefined> {
  try {
    return await changesOf(store, table, snapshot)
  } catch (error) {
    if (!(error instanceof TickhouseError) || error.retryable) throw error
    return undefined
  }
}

/** The change that a rollback makes for a reader who has seen the undone versions; empty without a rollback. */
async function undoneIn(
  store: ObjectStore,
  table: Table,
  { undone }: Lineage,
  seenMs: number,
): Promise<ForeignChange[]> {
  if (undone === undefined) return []
  const beyond = undone.from
  if (undone.snapshots === 'unknown') return [{ ...unknown(nextSequence(table), seenMs), beyond }]
  let hours: HourSet | 'all' = HourSet.EMPTY
  for (const snapshot of undone.snapshots) {
    const found = await attempt(store, table, snapshot)
    const some: HourSet | 'all' = found === undefined ? 'all' : hoursOf(found)
    hours = hours === 'all' || some === 'all' ? 'all' : hours.union(some)
  }
  return [{ sequence: nextSequence(table), beyond, seenMs, kinds: { rolled_back: 1 }, hours }]
}

function unknown(sequence: number, seenMs: number): ForeignChange {
  return { sequence, seenMs, kinds: { unknown: 1 }, hours: 'all' }
}

/** The sequence number of the next commit on the table. */
function nextSequence({ metadata }: Table): number {
  return metadata.lastSequenceNumber + 1
}

/** The kind of a change of rows, in either table. */
export function kindOf({ added, removed, addedDeletes }: FileChanges): ForeignKind {
  if (removed.length === 0 && addedDeletes.length === 0) return 'appended'
  return sumRows(added) < sumRows(removed) || added.length === 0 ? 'deleted' : 'overwritten'
}

function hoursOf({ added, removed, addedDeletes }: FileChanges): HourSet | 'all' {
  const ranges = [...added, ...removed, ...addedDeletes].map(rangeOf)
  return ranges.some(isOfAnyTime) ? 'all' : HourSet.touching(ranges)
}

function countRows({ added, removed }: FileChanges): number {
  return sumRows(added) - sumRows(removed)
}

function sumRows(files: readonly DataFile[]): number {
  return files.reduce((sum, { recordCount }) => sum + recordCount, 0)
}

/** Counts the rows of others again from the start: all rows of the table, minus ours. */
async function rowsOfOthers(
  store: ObjectStore,
  table: Table,
  { ticks }: Pick<TickTotals, 'ticks'>,
): Promise<number> {
  const manifests = (await currentManifests(store, table)).filter(({ content }) => content === 'data')
  const rows = manifests.reduce((sum, { addedRows, existingRows }) => sum + addedRows + existingRows, 0)
  return rows - ticks
}

/** Joins the oldest changes into one until few enough are left. */
function shortened(changes: readonly ForeignChange[]): readonly ForeignChange[] {
  if (changes.length < 2) return changes
  const isShort = changes.length <= MAX_CHANGES && JSON.stringify(storeChanges(changes)).length <= MAX_LENGTH
  return isShort ? changes : shortened([joinChanges(changes.slice(0, 2)), ...changes.slice(2)])
}
