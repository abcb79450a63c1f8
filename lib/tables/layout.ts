import type { z } from 'zod'
import { TickhouseError } from '../errors.ts'
import type { Catalog } from '../iceberg/catalog.ts'
import { ancestors } from '../iceberg/metadata.ts'
import type { Field, Schema } from '../iceberg/schema.ts'
import { expiredSummary } from '../iceberg/summaryCopy.ts'
import { type Table, type TableIdent, tableName } from '../iceberg/table.ts'
import { checkColumns } from './checkColumns.ts'

export const NAMESPACE = 'market_data'

/** Raised when a change of the tables makes older code read or write them wrongly. */
const LAYOUT_VERSION = '1'
const LAYOUT_PROPERTY = 'tickhouse.layout-version'

/**
 * Properties of both tables. They set the layout version and keep the metadata files few. They also ask other engines not to
 * expire the newest snapshots, which carry our state: Trino obeys, PyIceberg and Spark with `retain_last` do not.
 */
export const COMMON_PROPERTIES: Readonly<Record<string, string>> = {
  [LAYOUT_PROPERTY]: LAYOUT_VERSION,
  'format-version': '2',
  'write.format.default': 'parquet',
  'write.parquet.compression-codec': 'zstd',
  'write.metadata.delete-after-commit.enabled': 'true',
  'write.metadata.previous-versions-max': '20',
  'history.expire.min-snapshots-to-keep': '100',
}

/** The column of that name; a name that is not there is a programming error. */
export function fieldNamed({ fields }: Schema, name: string): Field {
  const field = fields.find(field => field.name === name)
  if (field === undefined) throw new RangeError(`no column is called ${name}`)
  return field
}

/** One of tickhouse's tables as it is now. Throws `LayoutMismatch` for one that it must not touch. */
export async function loadTable(catalog: Catalog, ident: TableIdent): Promise<Table> {
  return checkLayout(await catalog.loadTable(ident))
}

/**
 * Gives the table back. Throws `LayoutMismatch` when it was not made by this version's layout of tickhouse, and
 * `UnsupportedTable` when others changed its columns so that they do not fit any more.
 */
export function checkLayout(table: Table): Table {
  const found = table.metadata.properties[LAYOUT_PROPERTY]
  if (found !== LAYOUT_VERSION) throw new LayoutMismatch(table, found)
  checkColumns(table)
  return table
}

const OWN_KEYS = 'tickhouse.'

/** True for a commit of tickhouse. Commits of other engines, such as a compaction, have no state in their summary. */
export function carriesState(summary: Readonly<Record<string, string>>): boolean {
  return Object.keys(summary).some(key => key.startsWith(OWN_KEYS))
}

/**
 * Reads `key` from the newest ancestor of the current snapshot that has it (snapshots of compaction have none). An ancestor
 * that others expired counts too if the table has a copy of its summary. Throws `StateMissing` when no ancestor has the key,
 * and `StateUnreadable` when the value does not fit the schema.
 */
export function readState<Schema extends z.ZodType>(
  table: Table,
  key: string,
  schema: Schema,
): z.output<Schema> {
  return readNewestState(table, { [key]: schema as z.ZodType<z.output<Schema>> })
}

/** Like `readState`, for state under several keys, as versions of tickhouse used: reads the newest ancestor with any of them. */
export function readNewestState<State>(
  table: Table,
  schemas: Readonly<Record<string, z.ZodType<State>>>,
): State {
  const keys = Object.keys(schemas)
  for (const summary of summaries(table)) {
    const key = keys.find(key => summary[key] !== undefined)
    if (key === undefined) continue
    return parseState(`${tableName(table.ident)}: ${key}`, summary[key]!, schemas[key]!)
  }
  throw new StateMissing(table, keys[0]!)
}

/**
 * The state in the summary of the newest ancestor that tickhouse made, to be carried on by a snapshot that changes no row.
 * Throws `StateMissing` when there is none.
 */
export function carriedState(table: Table): Record<string, string> {
  for (const summary of summaries(table)) {
    const own = Object.entries(summary).filter(([key]) => key.startsWith(OWN_KEYS))
    if (own.length > 0) return Object.fromEntries(own)
  }
  throw new StateMissing(table, OWN_KEYS)
}

/** The summary of our newest commit, also from its copy if others expired it; undefined where both are gone. */
export function ownSummary(table: Table): Readonly<Record<string, string>> | undefined {
  for (const summary of summaries(table)) if (carriesState(summary)) return summary
  return undefined
}

/** The sequence number of our newest ancestor that the table lists; 0 without one. */
export function newestOwn(table: Table): number {
  for (const { summary, sequenceNumber } of ancestors(table)) if (carriesState(summary)) return sequenceNumber
  return 0
}

/** Summaries of the listed ancestors, the newest first; then the copy of an expired one just before them, if there is one. */
function* summaries(table: Table): Generator<Readonly<Record<string, string>>> {
  for (const { summary } of ancestors(table)) yield summary
  const expired = expiredSummary(table)
  if (expired !== undefined) yield expired
}

/** Where a table's state is read from. */
export type StateSource = 'summary' | 'property'

/**
 * `summary` when the table still lists the snapshot with the state: all changes since are known. `property` when only the copy
 * is left: snapshots of other engines came since, and some of them may be gone. Throws `StateMissing`.
 */
export function stateSource(table: Table): StateSource {
  for (const { summary } of ancestors(table)) if (carriesState(summary)) return 'summary'
  if (expiredSummary(table) === undefined) throw new StateMissing(table, OWN_KEYS)
  return 'property'
}

/** Reads JSON that tickhouse wrote earlier. Throws `StateUnreadable`, which names `what` it should have been. */
export function parseState<Schema extends z.ZodType>(
  what: string,
  text: string,
  schema: Schema,
): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new StateUnreadable(what, text, cause)
  }
}

/** The table is not of the layout that this version knows. */
export class LayoutMismatch extends TickhouseError {
  constructor(table: Table, found: string | undefined) {
    const name = tableName(table.ident)
    const what = found === undefined ? 'was not made by tickhouse' : `has layout ${found}`
    super(
      'LAYOUT_MISMATCH',
      `${name} ${what}, this version reads and writes layout ${LAYOUT_VERSION}: use the matching version, or rename the table and set up a new one`,
    )
  }
}

/** No state of tickhouse is left in the table: other engines expired it, or replaced the table. */
export class StateMissing extends TickhouseError {
  constructor(table: Table, key: string) {
    super(
      'STATE_MISSING',
      `no snapshot in the history of ${tableName(table.ident)} carries ${key}, and no copy belongs to that history: other engines changed the table more than once and expired its snapshots, or replaced the table. If it was replaced, roll it back to a snapshot on its list. Otherwise maintain restores the state if an earlier metadata file has it; if not, run npm run rebuild, which works it out from the rows`,
    )
  }
}

/** A summary or mark is not as tickhouse writes it. */
export class StateUnreadable extends TickhouseError {
  constructor(what: string, text: string, cause: unknown) {
    super('STATE_UNREADABLE', `${what} cannot be read: ${text.slice(0, 200)}`, { cause })
  }
}
