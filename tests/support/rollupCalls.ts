import { planFiles } from '../../lib/iceberg/plan.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import type { Candle } from '../../lib/market/candle.ts'
import type { Query, QueryOptions } from '../../lib/ports.ts'
import { readOnce } from '../../lib/rollup/storedCandles.ts'
import { type CandlesState, candlesState } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { MemoryQuery } from './memoryQuery.ts'
import { readMinuteStatement } from './minuteStatements.ts'
import { batch, ingest, produce, type World } from './world.ts'

/** A statement of the rollup's, as one may look at it before it is run. */
export interface Asked {
  readonly isBacklog: boolean
  /** Since 1970, the end not included. */
  readonly stretches: readonly { readonly fromSeconds: number; readonly toSeconds: number }[]
  /** How many hours the stretches are together. */
  readonly hours: number
  /** In how many shares of all symbols its hours are done, and which of these it is. */
  readonly shares: number
  readonly share: number
  readonly timeoutMs: number
}

/** What happens to a statement before Trino runs it: it may throw in its place, or let time pass. */
export type Before = (asked: Asked) => void | Promise<void>

/** The world's services with a Trino that reads its tables. */
export function withTrino(world: World, before: Before = () => {}) {
  const { catalog, services } = world
  const trino = new MemoryQuery({ catalog, store: services.store })
  const query: Query = {
    async rows<Row>(sql: string, options?: QueryOptions): Promise<Row[]> {
      await before(askedBy(sql, options))
      return trino.rows<Row>(sql)
    },
  }
  return { ...services, query }
}

function askedBy(sql: string, { timeoutMs = 60_000 }: QueryOptions = {}): Asked {
  const { stretches, compared } = readMinuteStatement(sql)
  const seconds = stretches.reduce((sum, { fromSeconds, toSeconds }) => sum + toSeconds - fromSeconds, 0)
  const { mask, index } = compared?.share ?? { mask: 0, index: 0 }
  return {
    isBacklog: compared !== undefined,
    stretches,
    hours: seconds / 3_600,
    shares: mask + 1,
    share: index,
    timeoutMs,
  }
}

let ticks = 0

/** One commit of ingest: a tick of each of these times (UTC, without a zone) and each of the symbols. */
export async function addTicks(
  world: World,
  times: readonly string[],
  { symbols = ['x'], partition = 0, mid = 1.5 } = {},
): Promise<void> {
  const values = times.flatMap(dateTime =>
    symbols.map(symbol => {
      ticks += 1
      return JSON.stringify({ source: 's', symbol, ask: 2, bid: 1, mid, number: ticks, dateTime })
    }),
  )
  const from = produce(world, partition, ...values)
  await ingest(world, [await batch(world, partition, from, from + values.length)])
}

/** Every row of the candles table. */
export async function candlesIn({ catalog, services: { store } }: World): Promise<Candle[]> {
  const files = await planFiles(store, await catalog.loadTable(CANDLES_TABLE))
  return (await readOnce(store, files)).flatMap(({ rows }) => [...rows])
}

/** What the candles table says of itself. */
export async function stateOfCandles({ catalog }: World): Promise<CandlesState> {
  return candlesState(await catalog.loadTable(CANDLES_TABLE))
}

/** Somebody makes another version of the table the current one; `to` says which. */
export async function rollBack({ catalog }: World, { ident, metadata }: Table): Promise<void> {
  const { snapshotId: current } = (await catalog.loadTable(ident)).metadata.refs.main!
  const snapshotId = metadata.currentSnapshotId!
  await catalog.commit(
    ident,
    [{ type: 'assert-ref-snapshot-id', ref: 'main', snapshotId: current }],
    [{ action: 'set-snapshot-ref', ref: 'main', type: 'branch', snapshotId }],
  )
}
