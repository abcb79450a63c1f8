import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { CandleArchive, CandleSnapshot } from '../../lib/query/candleArchive.ts'
import { readOnce } from '../../lib/rollup/storedCandles.ts'
import { candlesState } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { MemoryArchive } from './memoryArchive.ts'
import type { WorldTables } from './world.ts'

/** The candles of a world's table, all of them read at each commit. */
export class TablesArchive implements CandleArchive {
  readonly #world: WorldTables

  constructor(world: WorldTables) {
    this.#world = world
  }

  async current(): Promise<CandleSnapshot> {
    const { catalog, services } = this.#world
    const table = await catalog.loadTable(CANDLES_TABLE)
    const { snapshotId, timestampMs } = currentSnapshot(table)!
    const files = await readOnce(services.store, await planFiles(services.store, table))
    const memory = new MemoryArchive(() => timestampMs)
    memory.commit(
      files.flatMap(({ rows }) => [...rows]),
      candlesState(table),
    )
    return { ...(await memory.current()), id: String(snapshotId) }
  }
}
