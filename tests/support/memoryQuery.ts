import { crc32 } from 'node:zlib'
import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { ObjectMissing } from '../../lib/iceberg/errors.ts'
import type { Table, TableIdent } from '../../lib/iceberg/table.ts'
import type { Candle } from '../../lib/market/candle.ts'
import type { ObjectStore, Query } from '../../lib/ports.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { QueryFailed } from '../../lib/trino/errors.ts'
import { foldToMinutes, type Minute, minuteKey } from './minuteFold.ts'
import { type MinuteStatement, readMinuteStatement, type Stretch } from './minuteStatements.ts'
import { TableRows, type TickRow } from './tableRows.ts'

interface Needs {
  readonly catalog: Catalog
  readonly store: ObjectStore
  readonly trinoCatalog?: string
  /** Where files are decoded, by default here alone. */
  readonly rows?: TableRows
}

/** A row as Trino gives it, in JSON. */
interface AnswerRow {
  readonly source: string
  readonly symbol: string
  readonly start_seconds: number
  readonly open: number | null
  readonly high: number | null
  readonly low: number | null
  readonly close: number | null
  readonly volume: number | null
  readonly ends?: readonly (readonly string[])[]
}

/**
 * Trino over tables in memory, for the two statements of the rollup: it reads each table as of the snapshot that is named, and
 * refuses one that is not on the table's list. Rows come in no order that means anything.
 */
export class MemoryQuery implements Query {
  readonly #catalog: Catalog
  readonly #trinoCatalog: string
  readonly #rows: TableRows

  constructor({ catalog, store, trinoCatalog = 'lake', rows = new TableRows(store) }: Needs) {
    this.#catalog = catalog
    this.#trinoCatalog = trinoCatalog
    this.#rows = rows
  }

  async rows<Row>(sql: string): Promise<Row[]> {
    const statement = readMinuteStatement(sql)
    if (statement.catalog !== this.#trinoCatalog)
      throw refused('CATALOG_NOT_FOUND', `Catalog '${statement.catalog}' not found`)
    try {
      return shuffled(await this.#answer(statement)) as Row[]
    } catch (error) {
      throw error instanceof ObjectMissing ? failed('ICEBERG_CANNOT_OPEN_SPLIT', error.message) : error
    }
  }

  async #answer(statement: MinuteStatement): Promise<AnswerRow[]> {
    const { compared, ticksSnapshot, paths } = statement
    const ticks = await this.#tableAt(TICKS_TABLE, ticksSnapshot)
    const candles = compared && (await this.#tableAt(CANDLES_TABLE, compared.candlesSnapshot))
    const rows = await this.#rows.ticks(ticks, ticksSnapshot, paths)
    const wanted = rows.filter(tick => isFolded(tick, statement))
    const computed = foldToMinutes(wanted, statement.price)
    if (compared === undefined || candles === undefined) return [...computed.values()].map(withEnds)
    const stored = (await this.#rows.candles(candles, compared.candlesSnapshot, 'm1')).filter(
      ({ dateTimeUs }) => compared.stretches.some(stretch => isWithin(dateTimeUs, stretch)),
    )
    const { mask, index } = compared.share
    return differing(computed, stored)
      .filter(({ symbol }) => (crc32(symbol) & mask) === index)
      .slice(0, compared.limit)
  }

  async #tableAt(ident: TableIdent, snapshotId: bigint): Promise<Table> {
    const table = await this.#catalog.loadTable(ident)
    if (!table.metadata.snapshots.some(snapshot => snapshot.snapshotId === snapshotId))
      throw refused('INVALID_ARGUMENTS', `Iceberg snapshot ID does not exists: ${snapshotId}`)
    return table
  }
}

function isFolded(tick: TickRow, { price, stretches, later }: MinuteStatement): boolean {
  const { dateTimeUs, epoch, partition, offset } = tick
  return (
    Number.isFinite(tick[price]) &&
    stretches.some(stretch => isWithin(dateTimeUs, stretch)) &&
    !later.some(
      ({ from, to, ...log }) =>
        log.epoch === epoch && log.partition === partition && from <= offset && offset < to,
    )
  )
}

function isWithin(timeUs: number, { fromSeconds, toSeconds }: Stretch): boolean {
  return timeUs >= fromSeconds * 1e6 && timeUs < toSeconds * 1e6
}

/** The full join: each stored row with the computed one of its minute, and both alone where there is no other. */
function differing(computed: ReadonlyMap<string, Minute>, stored: readonly Candle[]): AnswerRow[] {
  const rows: AnswerRow[] = []
  const joined = new Set<string>()
  for (const row of stored) {
    const key = minuteKey(row.source, row.symbol, row.dateTimeUs)
    const minute = computed.get(key)
    joined.add(key)
    if (minute === undefined) rows.push(surplusOf(row))
    else if (!isSame(minute, row)) rows.push(answerOf(minute))
  }
  for (const [key, minute] of computed) if (!joined.has(key)) rows.push(answerOf(minute))
  return rows
}

function isSame(a: Minute, b: Candle): boolean {
  return (
    a.volume === b.volume && a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close
  )
}

function answerOf({ source, symbol, startUs, open, high, low, close, volume }: Minute): AnswerRow {
  return { source, symbol, start_seconds: startUs / 1e6, open, high, low, close, volume }
}

function withEnds(minute: Minute): AnswerRow {
  return { ...answerOf(minute), ends: [minute.first, minute.last].map(placeOf) }
}

/** As texts, as Trino casts them. */
function placeOf({ dateTimeUs, number, epoch, partition, offset }: TickRow): string[] {
  const seconds = Math.floor(dateTimeUs / 1e6)
  const time = new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')
  const fraction = String(dateTimeUs - seconds * 1e6).padStart(6, '0')
  return [`${time}.${fraction} UTC`, ...[number, epoch, partition, offset].map(String)]
}

function surplusOf({ source, symbol, dateTimeUs }: Candle): AnswerRow {
  const nothing = { open: null, high: null, low: null, close: null, volume: null }
  return { source, symbol, start_seconds: dateTimeUs / 1e6, ...nothing }
}

/** In an order of its own, the same for the same rows. */
function shuffled(rows: readonly AnswerRow[]): AnswerRow[] {
  const place = ({ symbol, start_seconds }: AnswerRow) =>
    Math.imul(start_seconds / 60 + symbol.length, 0x9e3779b1) >>> 0
  return rows.toSorted((a, b) => place(a) - place(b))
}

function refused(errorName: string, message: string): QueryFailed {
  return new QueryFailed('memory', { errorName, message, errorType: 'USER_ERROR' })
}

function failed(errorName: string, message: string): QueryFailed {
  return new QueryFailed('memory', { errorName, message, errorType: 'EXTERNAL' })
}
