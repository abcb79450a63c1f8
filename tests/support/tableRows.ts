import { type FileOfRows, versionOf, withoutEqualityDeletes } from '../../lib/iceberg/deletes/deletedRows.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { readRows } from '../../lib/iceberg/readRows.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import type { Candle } from '../../lib/market/candle.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { CANDLES_SCHEMA, candleRows } from '../../lib/tables/candlesTable.ts'
import { TICKS_SCHEMA } from '../../lib/tables/ticksTable.ts'

/** A row of the ticks table: its prices, and all that orders it. */
export interface TickRow {
  readonly source: string
  readonly symbol: string
  readonly ask: number
  readonly bid: number
  readonly mid: number
  readonly number: bigint
  readonly dateTimeUs: number
  readonly epoch: number
  readonly partition: number
  readonly offset: number
}

/**
 * Rows of both tables, read from a store whose files never change: each is decoded once. Deletions by values refuse nobody
 * here, as in Trino; nor do they delete anything.
 */
export class TableRows {
  readonly #store: ObjectStore
  readonly #ticks = new Map<string, readonly TickRow[]>()
  readonly #candles = new Map<string, readonly Candle[]>()

  constructor(store: ObjectStore) {
    this.#store = store
  }

  /** The ticks table's rows, of its current snapshot or another one on its list; of some of its files, or all. */
  async ticks(
    table: Table,
    snapshotId = table.metadata.currentSnapshotId,
    paths?: readonly string[],
  ): Promise<TickRow[]> {
    const files = await planFiles(this.#store, at(table, snapshotId), {
      keep: ({ path }) => paths === undefined || paths.includes(path),
    })
    return (await Promise.all(files.map(file => this.tickFile(file)))).flat()
  }

  async tickFile(file: FileOfRows): Promise<readonly TickRow[]> {
    return decodedOnce(this.#ticks, versionOf(file), async () =>
      tickRows(await readRows(this.#store, withoutEqualityDeletes(file), TICKS_SCHEMA)),
    )
  }

  /** The candles table's rows, of its current snapshot or another one on its list; of one timeframe, or all. */
  async candles(
    table: Table,
    snapshotId = table.metadata.currentSnapshotId,
    timeframe?: string,
  ): Promise<Candle[]> {
    const within = timeframe === undefined ? {} : { timeframe: { from: timeframe, to: timeframe } }
    const files = await planFiles(this.#store, at(table, snapshotId), { within })
    const rows = (await Promise.all(files.map(file => this.candleFile(file)))).flat()
    return timeframe === undefined ? rows : rows.filter(row => row.timeframe === timeframe)
  }

  async candleFile(file: FileOfRows): Promise<readonly Candle[]> {
    return decodedOnce(this.#candles, versionOf(file), async () =>
      candleRows(await readRows(this.#store, withoutEqualityDeletes(file), CANDLES_SCHEMA)),
    )
  }
}

function at(table: Table, snapshotId: bigint | undefined): Table {
  const { currentSnapshotId: _, ...metadata } = table.metadata
  return {
    ...table,
    metadata: snapshotId === undefined ? metadata : { ...metadata, currentSnapshotId: snapshotId },
  }
}

async function decodedOnce<Rows>(
  known: Map<string, Rows>,
  path: string,
  decode: () => Promise<Rows>,
): Promise<Rows> {
  const rows = known.get(path) ?? (await decode())
  known.set(path, rows)
  return rows
}

function tickRows(columns: Readonly<Record<string, unknown[]>>): TickRow[] {
  return columns.source!.map((source, i) => ({
    source: String(source),
    symbol: String(columns.symbol![i]),
    ask: Number(columns.ask![i]),
    bid: Number(columns.bid![i]),
    mid: Number(columns.mid![i]),
    number: BigInt(columns.number![i] as bigint),
    dateTimeUs: Number(columns.date_time![i]),
    epoch: Number(columns.kafka_epoch![i]),
    partition: Number(columns.kafka_partition![i]),
    offset: Number(columns.kafka_offset![i]),
  }))
}
