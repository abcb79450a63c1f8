import { TickhouseError } from '../errors.ts'
import { ancestors, type Snapshot } from '../iceberg/metadata.ts'
import { type Table, tableName } from '../iceberg/table.ts'

export const NAMESPACE = 'market_data'

/** Raised when a change of the tables makes older code read or write them wrongly. */
const LAYOUT_VERSION = '1'
const LAYOUT_PROPERTY = 'tickhouse.layout-version'

/** Properties of both tables: the layout, and few small metadata files however many the commits. */
export const COMMON_PROPERTIES: Readonly<Record<string, string>> = {
  [LAYOUT_PROPERTY]: LAYOUT_VERSION,
  'format-version': '2',
  'write.format.default': 'parquet',
  'write.parquet.compression-codec': 'zstd',
  'write.metadata.delete-after-commit.enabled': 'true',
  'write.metadata.previous-versions-max': '20',
}

/** Refuses a table that another layout of tickhouse, or something else, has made. */
export function checkLayout(table: Table): Table {
  const found = table.metadata.properties[LAYOUT_PROPERTY]
  if (found !== LAYOUT_VERSION) throw new LayoutMismatch(table, found)
  return table
}

/**
 * The newest ancestor of the current snapshot that tickhouse committed: the one whose summary has `key`
 * (compaction's have not). Throws `StateMissing` when there is none: the table was not made, or not only written, by tickhouse.
 */
export function newestWith(table: Table, key: string): Snapshot {
  for (const snapshot of ancestors(table)) if (key in snapshot.summary) return snapshot
  throw new StateMissing(table, key)
}

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

export class StateMissing extends TickhouseError {
  constructor(table: Table, key: string) {
    super(
      'STATE_MISSING',
      `${tableName(table.ident)} has no snapshot that carries ${key}: roll it back to one that does, or set up a new table`,
    )
  }
}
