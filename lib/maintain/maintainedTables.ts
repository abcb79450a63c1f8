import { type LiveFile, lowerBound } from '../iceberg/dataFile.ts'
import { hasDeletes } from '../iceberg/deletes/deletedRows.ts'
import type { Retention } from '../iceberg/expire.ts'
import { ROW_GROUP_ROWS } from '../iceberg/parquet.ts'
import type { Field } from '../iceberg/schema.ts'
import type { TableIdent } from '../iceberg/table.ts'
import type { MergeLimits } from '../iceberg/upkeep/chooseGroups.ts'
import type { MergedLayout } from '../iceberg/upkeep/mergeRows.ts'
import type { Micros } from '../market/time.ts'
import { SETTLED_FILE_ROWS } from '../rollup/layOut.ts'
import { isSmall } from '../rollup/storedCandles.ts'
import type { Settings } from '../services.ts'
import type { CandlesState } from '../tables/candlesState.ts'
import { CANDLE_FIELDS, CANDLE_ROW_GROUP_ROWS, CANDLES_TABLE } from '../tables/candlesTable.ts'
import { fieldNamed } from '../tables/layout.ts'
import { candlesRetention, ticksRetention } from '../tables/retention.ts'
import { TICKS_SCHEMA, TICKS_TABLE } from '../tables/ticksTable.ts'
import { candleStretches } from './candleStretches.ts'

/** How one table is kept in shape. */
export interface MaintainedTable {
  readonly ident: TableIdent
  readonly limits: MergeLimits
  /** The column whose bounds tell which stretch of time a file is of. */
  readonly along: Field
  readonly layout: MergedLayout
  /** The most commits of one call, and the most rows of one commit. A larger group gets a commit of its own. */
  readonly commits: number
  readonly commitRows: number
  readonly retention: (settings: Settings) => Retention
  /** False for files that somebody else still has work with. `ticksUuid` is that of the ticks table there is. */
  readonly isDone: (file: LiveFile, state: CandlesState, ticksUuid: string) => boolean
  /** Chooses, among full files that are done, those to be clustered, stretch by stretch. A commit takes one stretch. */
  readonly stretches?: (full: readonly LiveFile[], nowUs: Micros) => LiveFile[][]
}

const MEGABYTE = 1024 ** 2
const INPUT_FILES = 1_000

/**
 * Ticks are merged once candles are made of them: what rollup has yet to read stays as ingest wrote it. Sorted by hour, so
 * that a stale hour reads its row groups and not its day; within that by symbol, which takes less room than by time.
 * Of 500,000 fake ticks that takes 14.2 bytes a row, 19.7 with uneven times; by symbol alone 17.4 and 18.6, by time alone
 * 14.5 and 21.1; as ingest writes 200 at once, 35 and 40.
 */
const TICKS: MaintainedTable = {
  ident: TICKS_TABLE,
  limits: { fullRows: 250_000, rows: 500_000, bytes: 32 * MEGABYTE, files: INPUT_FILES },
  along: fieldNamed(TICKS_SCHEMA, 'date_time'),
  layout: {
    sortBy: [{ hourOf: 'date_time' }, 'symbol', 'source', 'date_time'],
    fileRows: 500_000,
    rowGroupRows: ROW_GROUP_ROWS,
  },
  commits: 100,
  commitRows: 500_000,
  retention: ticksRetention,
  isDone: (file, { ticksUuid, ticksSequence }, uuid) =>
    ticksUuid === uuid && file.sequenceNumber <= ticksSequence,
}

/**
 * A file of candles is merged when all its candles are closed and rollup no longer rewrites it with new ones; a small file also
 * when rows of it are deleted. The new files are as large as those of rollup, and sorted by symbol: a reader of one symbol
 * reads a row group of them. Where symbols are many, the full files of a stretch of time are clustered by symbol. Each call
 * makes one commit, so that a running rollup has to begin again once at most.
 */
const CANDLES: MaintainedTable = {
  ident: CANDLES_TABLE,
  limits: {
    fullRows: SETTLED_FILE_ROWS / 2,
    rows: SETTLED_FILE_ROWS,
    bytes: 32 * MEGABYTE,
    files: INPUT_FILES,
  },
  along: CANDLE_FIELDS.dateTime,
  layout: {
    sortBy: ['source', 'symbol', 'date_time'],
    fileRows: SETTLED_FILE_ROWS,
    rowGroupRows: CANDLE_ROW_GROUP_ROWS,
  },
  commits: 1,
  commitRows: 1_000_000,
  retention: candlesRetention,
  isDone: file => (!isSmall(file) || hasDeletes(file)) && lowerBound(file, CANDLE_FIELDS.closed) === true,
  stretches: candleStretches,
}

/** Both tables; the candles first, as it takes them less time. */
export const MAINTAINED_TABLES: readonly MaintainedTable[] = [CANDLES, TICKS]
