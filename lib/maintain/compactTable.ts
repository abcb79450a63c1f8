import type { DataFile, LiveFile } from '../iceberg/dataFile.ts'
import { isOfOneFile } from '../iceberg/errors.ts'
import { currentSchema } from '../iceberg/metadata.ts'
import { scanFiles } from '../iceberg/plan.ts'
import { type Table, tableName } from '../iceberg/table.ts'
import { unwritableValues } from '../iceberg/unwritableValues.ts'
import { chooseGroups, isMergeable } from '../iceberg/upkeep/chooseGroups.ts'
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
/** What one commit takes; a larger group goes alone. */
const COMMIT = { rows: 500_000, files: 1_000 }

const FILES_AT_ONCE = 8

/** One commit's work is done within this, the wait for its slot included. */
export const COMMIT_WORK_MS = 60_000

/** Merges small files, in bounded commits, until there are none that are worth it or time is running out. */
export async function compactTable(
  services: Needs,
  kept: MaintainedTable,
  remainingMs: () => number,
): Promise<Compacted> {
  const { table, files } = await findMergeable(services, kept)
  const batches = inBatches(chooseGroups(files, kept.limits, kept.along))
  const done = { merged: 0, into: 0 }
  for (const groups of batches.slice(0, kept.commits)) {
    await awaitSlot(services.nowMs, SLOT.untilMs)
    if (remainingMs() < COMMIT_WORK_MS) break
    const replacement = await merge(services, kept, table, groups)
    if (replacement.remove.length === 0) continue
    await awaitSlot(services.nowMs)
    const isReplaced = await replaceFiles(services, kept.ident, replacement, {
      nowMs: services.nowMs,
      retention: kept.retention(services.settings),
      summary: carriedState,
    })
    if (!isReplaced) break
    done.merged += replacement.remove.length
    done.into += replacement.add.length
  }
  return done
}

/** The candles are loaded first: what they say of the ticks' files holds of later versions too. */
async function findMergeable(
  services: Needs,
  { ident, limits, isDone }: MaintainedTable,
): Promise<{ table: Table; files: LiveFile[] }> {
  const { catalog, store } = services
  const candles = await loadTable(catalog, CANDLES_TABLE)
  const ticks = await loadTable(catalog, TICKS_TABLE)
  const table = ident === TICKS_TABLE ? ticks : candles
  const state = candlesState(candles)
  const keep = (file: LiveFile) =>
    file.specId === table.metadata.defaultSpecId &&
    isMergeable(file, limits) &&
    isDone(file, state, ticks.metadata.tableUuid)
  const files: LiveFile[] = []
  for await (const some of scanFiles(store, table, { keep })) {
    files.push(...some)
    if (files.length >= PLANNED_FILES) break
  }
  return { table, files: await withoutLoss(services, table, files) }
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
function inBatches(groups: readonly LiveFile[][]): LiveFile[][][] {
  const batches: LiveFile[][][] = []
  let rows = 0
  let files = 0
  for (const group of groups) {
    const moreRows = group.reduce((sum, { recordCount }) => sum + recordCount, 0)
    rows += moreRows
    files += group.length
    const batch = batches.at(-1)
    if (batch && rows <= COMMIT.rows && files <= COMMIT.files) batch.push(group)
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
  { sortBy }: MaintainedTable,
  table: Table,
  groups: readonly LiveFile[][],
): Promise<Replacement> {
  const add: DataFile[] = []
  const remove: LiveFile[] = []
  for (const group of groups) {
    try {
      const merged = await mergeRows(store, table, group, sortBy)
      if (merged !== undefined) add.push(merged)
      remove.push(...group)
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
  return { remove, add }
}
