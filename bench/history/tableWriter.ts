import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import type { DataFile } from '../../lib/iceberg/dataFile.ts'
import type { Retention } from '../../lib/iceberg/expire.ts'
import { removeOldMetadata } from '../../lib/iceberg/removeOldMetadata.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import type { Table } from '../../lib/iceberg/table.ts'
import type { ObjectStore } from '../../lib/ports.ts'

interface Where {
  readonly catalog: Catalog
  readonly store: ObjectStore
}

/** Appends to a table that nobody else writes: each commit goes on where the one before has left it. */
export class TableWriter {
  readonly #where: Where
  readonly #retention: Retention
  table: Table

  constructor(where: Where, table: Table, retention: Retention) {
    this.#where = where
    this.#retention = retention
    this.table = table
  }

  async commit(add: readonly DataFile[], summary: Readonly<Record<string, string>>): Promise<void> {
    const { catalog, store } = this.#where
    const change = { add, summary, nowMs: Date.now() }
    const staged = await stageSnapshot(store, this.table, change, this.#retention)
    const committed = await commitSnapshot(catalog, this.table, staged)
    await removeOldMetadata(store, this.table, committed)
    this.table = committed
  }

  /** Commits that change nothing, until the list of snapshots is as long as it ever gets. */
  async lengthenList(summary: Readonly<Record<string, string>>): Promise<void> {
    const { keepSnapshots = 0 } = this.#retention
    while (this.table.metadata.snapshots.length < keepSnapshots) await this.commit([], summary)
  }
}
