import { asOf } from '../../lib/iceberg/lineage.ts'
import { ancestors } from '../../lib/iceberg/metadata.ts'
import type { Table } from '../../lib/iceberg/table.ts'

/** What one snapshot's summary says, and when it was committed. */
export interface Commit<State> {
  readonly atMs: number
  readonly state: State
}

/** Lists of snapshots are minutes long. */
const LOOK_EVERY_MS = 1_000

/** All commits of a table from now on, in their order. */
export class SnapshotWatch<State> {
  readonly commits: Commit<State>[] = []
  readonly #load: () => Promise<Table>
  readonly #read: (table: Table) => State
  readonly #everyMs: number
  #lastSequence = -1
  #lookedMs = Number.NEGATIVE_INFINITY

  constructor(load: () => Promise<Table>, read: (table: Table) => State, everyMs = LOOK_EVERY_MS) {
    this.#load = load
    this.#read = read
    this.#everyMs = everyMs
  }

  /** Reads what was committed since the last look, unless that was just now. */
  async look(): Promise<void> {
    if (performance.now() - this.#lookedMs < this.#everyMs) return
    this.#lookedMs = performance.now()
    const table = await this.#load()
    const isFirst = this.#lastSequence < 0
    const unseen = [...ancestors(table)].filter(({ sequenceNumber }) => sequenceNumber > this.#lastSequence)
    for (const snapshot of (isFirst ? unseen.slice(0, 1) : unseen).reverse()) {
      this.commits.push({ atMs: snapshot.timestampMs, state: this.#read(asOf(table, snapshot)) })
      this.#lastSequence = snapshot.sequenceNumber
    }
  }
}
