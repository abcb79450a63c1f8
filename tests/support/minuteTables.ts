import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import type { DataFile } from '../../lib/iceberg/dataFile.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { type Change, stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { Table, TableIdent } from '../../lib/iceberg/table.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import type { Candle } from '../../lib/market/candle.ts'
import { dayOf } from '../../lib/market/time.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { isUnsureCommit } from '../../lib/retry.ts'
import { monthOf } from '../../lib/rollup/storedCandles.ts'
import { CANDLES_TABLE, candleColumns } from '../../lib/tables/candlesTable.ts'
import { carriedState } from '../../lib/tables/layout.ts'
import type { OffsetVector } from '../../lib/tables/offsetVector.ts'
import { TickRows } from '../../lib/tables/tickRows.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'

/** A tick for a table; what is left out is of no matter. Its offset is the next one of its log. */
export interface TestTick {
  readonly timeUs: number
  readonly mid?: number
  readonly bid?: number
  readonly ask?: number
  readonly number?: bigint
  readonly symbol?: string
  /** Of this test, from 0. */
  readonly epoch?: number
  readonly partition?: number
}

export type MinuteTables = Awaited<ReturnType<typeof openMinuteTables>>

/** Far above the epochs that any other test has. */
const EPOCHS_FROM = 100_000

/**
 * The two tables, into which a test puts rows of a source, and of Kafka logs, that no other test has: as another engine would, by
 * itself. `deleteAll` takes them out again.
 */
export async function openMinuteTables(
  { catalog, store }: { readonly catalog: Catalog; readonly store: ObjectStore },
  source: string,
) {
  const firstEpoch = EPOCHS_FROM + Math.floor(Math.random() * 1_000_000_000)
  const ends = new Map<string, { epoch: number; partition: number; next: number }>()
  const paths = new Set<string>()

  async function commit(
    ident: TableIdent,
    changeOf: (table: Table) => Promise<Pick<Change, 'add' | 'remove'>>,
  ) {
    for (;;) {
      const table = await catalog.loadTable(ident)
      const change = await changeOf(table)
      for (const { path } of change.add) paths.add(path)
      // With the state: expiry keeps the newest hundred snapshots, and other tests need one that has it.
      const summary = carriedState(table)
      const staged = await stageSnapshot(store, table, { ...change, summary, nowMs: Date.now() })
      try {
        return await commitSnapshot(catalog, table, staged)
      } catch (error) {
        if (!isUnsureCommit(error)) throw error
      }
    }
  }

  function nextPlace({ epoch = 0, partition = 0 }: TestTick) {
    const key = `${epoch}/${partition}`
    const place = ends.get(key) ?? { epoch: firstEpoch + epoch, partition, next: 0 }
    ends.set(key, { ...place, next: place.next + 1 })
    return { epoch: place.epoch, partition, offset: place.next }
  }

  function ticksFile(table: Table, ticks: readonly (TestTick & { offset: number })[]): Promise<DataFile> {
    const rows = new TickRows(ticks.length)
    for (const tick of ticks) {
      const { mid = 1, bid = mid, ask = mid, number = 1n, symbol = 'X', timeUs, partition = 0, offset } = tick
      const nothing = {
        askMarkup: null,
        bidMarkup: null,
        isTradable: null,
        receiveDateTimeUs: null,
        extra: null,
      }
      const placed = { offset, timestampMs: 1, key: null, value: null, headers: {} }
      rows.add({ source, symbol, ask, bid, mid, number, dateTimeUs: timeUs, ...nothing }, partition, placed)
    }
    const columns = rows.columns([...ticks.keys()], ticks[0]!.epoch!)
    return writeDataFile(store, table, columns, ticks.length)
  }

  async function deleteAll(): Promise<void> {
    for (const ident of [TICKS_TABLE, CANDLES_TABLE]) {
      await commit(ident, async table => {
        const files = await planFiles(store, table, { keep: ({ path }) => paths.has(path) })
        return { add: [], remove: files }
      })
    }
  }

  return {
    catalog,
    store,
    ticks: () => catalog.loadTable(TICKS_TABLE),
    candles: () => catalog.loadTable(CANDLES_TABLE),
    /** The data files that were written here, of either table. */
    files: async () => [...paths],
    /** All ticks that were committed lie below it. */
    vector: (): OffsetVector => ({
      epoch: firstEpoch,
      positions: [...ends.values()].map(end => ({ ...end, timestampMs: 1 })),
    }),
    /** One commit, a file for each day and epoch. */
    async commitTicks(ticks: readonly TestTick[]): Promise<void> {
      const placed = ticks.map(tick => ({ ...tick, ...nextPlace(tick) }))
      const files = Map.groupBy(placed, ({ epoch, timeUs }) => `${epoch}/${dayOf(timeUs)}`)
      await commit(TICKS_TABLE, async table => ({
        add: await Promise.all([...files.values()].map(some => ticksFile(table, some))),
      }))
    },
    /** One commit, a file for each timeframe and month. */
    async commitCandles(candles: readonly Candle[]): Promise<void> {
      const files = Map.groupBy(candles, ({ timeframe, dateTimeUs }) => `${timeframe}/${monthOf(dateTimeUs)}`)
      await commit(CANDLES_TABLE, async table => ({
        add: await Promise.all(
          [...files.values()].map(some => writeDataFile(store, table, candleColumns(some), some.length)),
        ),
      }))
    },
    deleteAll,
    /** Takes the snapshot of that version off the list. */
    async expire({ ident, metadata }: Table): Promise<void> {
      const { tableUuid: uuid, currentSnapshotId } = metadata
      const updates = [{ action: 'remove-snapshots', snapshotIds: [currentSnapshotId!] } as const]
      await catalog.commit(ident, [{ type: 'assert-table-uuid', uuid }], updates)
    },
  }
}
