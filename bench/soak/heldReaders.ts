import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { decodeParquet } from '../../lib/iceberg/parquet.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { type Table, tableName } from '../../lib/iceberg/table.ts'
import { mapBounded } from '../../lib/mapBounded.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { BenchFailed } from '../until.ts'

interface Held {
  readonly atMs: number
  readonly table: Table
}

const FILES_AT_ONCE = 8

/** Readers that loaded a table at some time and read it later, as a long query does. */
export class HeldReaders {
  readonly #retentionMs: number
  readonly #openStore: () => ObjectStore
  #held: Held[] = []
  /** How many have read all that they held, and how old the oldest of it was. */
  reads = 0
  oldestMs = 0

  /** Each reader gets a store of its own: nothing that was read before is remembered. */
  constructor(retentionMs: number, openStore: () => ObjectStore) {
    this.#retentionMs = retentionMs
    this.#openStore = openStore
  }

  hold(table: Table, atMs: number): void {
    this.#held.push({ atMs, table })
  }

  /** Lets the oldest that is still within the retention read all of its snapshot. Throws when a file or a row is missing. */
  async readOldest(nowMs: number): Promise<void> {
    this.#held = this.#held.filter(({ atMs }) => nowMs - atMs < this.#retentionMs)
    const oldest = Map.groupBy(this.#held, ({ table }) => tableName(table.ident))
    for (const [held] of oldest.values()) {
      await readAll(this.#openStore(), held!.table)
      this.reads += 1
      this.oldestMs = Math.max(this.oldestMs, nowMs - held!.atMs)
    }
  }
}

async function readAll(store: ObjectStore, table: Table): Promise<void> {
  const [schema] = table.metadata.schemas
  const rows = await mapBounded(await planFiles(store, table), FILES_AT_ONCE, async ({ path }) => {
    const { symbol } = await decodeParquet(await store.read(path), schema!, ['symbol'])
    return symbol!.length
  })
  const count = rows.reduce((sum, some) => sum + some, 0)
  const told = Number(currentSnapshot(table)?.summary['total-records'] ?? 0)
  if (count !== told) throw new BenchFailed(`a held snapshot has ${count} rows, its summary says ${told}`)
}
