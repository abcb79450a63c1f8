import type { LiveFile } from '../iceberg/dataFile.ts'
import { isOfOneFile } from '../iceberg/errors.ts'
import { currentSchema } from '../iceberg/metadata.ts'
import { scanFiles } from '../iceberg/plan.ts'
import { type Table, tableName } from '../iceberg/table.ts'
import { unwritableValues } from '../iceberg/unwritableValues.ts'
import { chooseGroups, isFull, isMergeable } from '../iceberg/upkeep/chooseGroups.ts'
import { mergeRows } from '../iceberg/upkeep/mergeRows.ts'
import { type Replacement, replaceFiles } from '../iceberg/upkeep/replaceFiles.ts'
import { mapBounded } from '../mapBounded.ts'
import type { Services } from '../services.ts'
import { candlesState } from '../tables/candlesState.ts'
import { CANDLES_TABLE } from '../tables/candlesTable.ts'
import { carriedState, loadTable } from '../tables/layout.ts'
import { TICKS_TABLE } from '../tables/ticksTable.ts'
import type { MaintainedTable } from './maintainedTables.ts'
import { awaitSlot, SLOT } from './slot.ts'

type Needs = Pick<Services, 'catalog' | 'store' | 'settings' | 'log' | 'nowMs'>

/** What compaction did with a table. */
export interface Compacted {
  /** Files that were merged, and those that they became. */
  readonly merged: number
  readonly into: number
}

/** What is planned at once: more waits for the next call. */
const PLANNED_FILES = 5_000
const FILES_PER_COMMIT = 1_000
/** The interval of the schedule of `maintain`. */
const CALLED_EVERY_MS = 300_000

const FILES_AT_ONCE = 8

/** One commit's work is done within this, the wait for its slot included. */
export const COMMIT_WORK_MS = 60_000

/**
 * Merges small files, and clusters full ones, in bounded commits, until no files are left that are worth it or time is running
 * out.
 */
export async function compactTable(
  services: Needs,
  kept: MaintainedTable,
  remainingMs: () => number,
): Promise<Compacted> {
  const { table, batches } = await planBatches(services, kept)
  const done = { merged: 0, into: 0 }
  for (const groups of batches.slice(0, kept.commits)) {
    await awaitSlot(services.nowMs, SLOT.untilMs)
    if (remainingMs() < COMMIT_WORK_MS) break
    const merged = await merge(services, kept, table, groups)
    if (merged.length === 0) continue
    await awaitSlot(services.nowMs)
    const replaced = await replace(services, kept, merged)
    if (replaced === undefined) break
    done.merged += replaced.remove.length
    done.into += replaced.add.length
  }
  return done
}

/** Plans the groups of files that each commit merges. A stretch to be clustered comes first. */
async function planBatches(
  services: Needs,
  kept: MaintainedTable,
): Promise<{ table: Table; batches: LiveFile[][][] }> {
  const { table, mergeable, full } = await findFiles(services, kept)
  const stretches = kept.stretches?.(full, services.nowMs() * 1_000) ?? []
  // Each call takes another stretch, so that one which cannot be read or written does not hold up the others.
  const stretch = stretches[Math.floor(services.nowMs() / CALLED_EVERY_MS) % stretches.length] ?? []
  const isWhole = (await withoutLoss(services, table, stretch)).length === stretch.length
  const small = chooseGroups(await withoutLoss(services, table, mergeable), kept.limits, kept.along)
  const groups = [...(isWhole && stretch.length > 0 ? [stretch] : []), ...small]
  return { table, batches: inBatches(groups, kept.commitRows) }
}

/**
 * The files that no other function still has work with, mergeable and full ones. Candles are loaded before ticks: a file of ticks
 * that is done by their state is done in any later version of the ticks.
 */
async function findFiles(
  services: Needs,
  { ident, limits, isDone, stretches }: MaintainedTable,
): Promise<{ table: Table; mergeable: LiveFile[]; full: LiveFile[] }> {
  const { catalog, store } = services
  const candles = await loadTable(catalog, CANDLES_TABLE)
  const ticks = await loadTable(catalog, TICKS_TABLE)
  const table = ident === TICKS_TABLE ? ticks : candles
  const state = candlesState(candles)
  const keep = (file: LiveFile) =>
    file.specId === table.metadata.defaultSpecId && isDone(file, state, ticks.metadata.tableUuid)
  const mergeable: LiveFile[] = []
  const full: LiveFile[] = []
  for await (const some of scanFiles(store, table, { keep })) {
    mergeable.push(...some.filter(file => isMergeable(file, limits)))
    if (stretches !== undefined) full.push(...some.filter(file => isFull(file, limits)))
    else if (mergeable.length >= PLANNED_FILES) break
  }
  return { table, mergeable: mergeable.slice(0, PLANNED_FILES), full }
}

/** The files that can be rewritten without loss; logs which column prevents it for the others. */
async function withoutLoss(
  { store, log }: Needs,
  table: Table,
  files: readonly LiveFile[],
): Promise<LiveFile[]> {
  const schema = currentSchema(table)
  const lost = await mapBounded(files, FILES_AT_ONCE, file => unwritableValues(store, schema, file))
  const column = lost.find(field => field !== undefined)?.name
  if (column !== undefined) {
    const fields = {
      table: tableName(table.ident),
      column,
      files: lost.filter(field => field !== undefined).length,
    }
    log.warn('files are not merged: they have values of a column whose type is not written here', fields)
  }
  return files.filter((_, i) => lost[i] === undefined)
}

/** The groups, commit by commit. */
function inBatches(groups: readonly LiveFile[][], rowsPerCommit: number): LiveFile[][][] {
  const batches: LiveFile[][][] = []
  let rows = 0
  let files = 0
  for (const group of groups) {
    const moreRows = group.reduce((sum, { recordCount }) => sum + recordCount, 0)
    rows += moreRows
    files += group.length
    const batch = batches.at(-1)
    if (batch && rows <= rowsPerCommit && files <= FILES_PER_COMMIT) batch.push(group)
    else {
      batches.push([group])
      rows = moreRows
      files = group.length
    }
  }
  return batches
}

/**
 * One group after the other: each takes its memory. A group with a file of others that is not read or written here stays
 * as it is, and keeps no other from being merged.
 */
async function merge(
  { store, log }: Needs,
  { layout }: MaintainedTable,
  table: Table,
  groups: readonly LiveFile[][],
): Promise<Replacement[]> {
  const merged: Replacement[] = []
  for (const group of groups) {
    try {
      merged.push({ remove: group, add: await mergeRows(store, table, group, layout) })
    } catch (error) {
      if (!isOfOneFile(error)) throw error
      const { code, message } = error
      log.warn('files are not merged: one of them cannot be read, or written anew', {
        table: tableName(table.ident),
        files: group.length,
        code,
        error: message,
      })
    }
  }
  return merged
}

/**
 * Commits all groups at once. On a conflict it commits them without the first group, which may be a whole stretch: a late tick is
 * most likely to have changed one of its files. Returns the replacement that was committed.
 */
async function replace(
  services: Needs,
  { ident, retention }: MaintainedTable,
  merged: readonly Replacement[],
): Promise<Replacement | undefined> {
  const options = { nowMs: services.nowMs, retention: retention(services.settings), summary: carriedState }
  for (const some of [merged, merged.slice(1)]) {
    const together = { remove: some.flatMap(({ remove }) => remove), add: some.flatMap(({ add }) => add) }
    if (together.remove.length === 0) continue
    if (await replaceFiles(services, ident, together, options)) return together
  }
  return undefined
}
