import { until } from '../until.ts'
import { rangesOf } from '../world/kafka.ts'
import type { HistoryEntry } from '../world/tableState.ts'
import type { World } from '../world/world.ts'
import type { Harm } from './harm.ts'

const TABLE = 'lake.market_data.stock_ticks'

/** How far back at most. */
const MOST_SNAPSHOTS = 12

/** Back to a snapshot above which Kafka still has everything. */
async function rollBack({ kafka, trino, state, random, services }: World): Promise<void> {
  const ranges = await rangesOf(kafka, services.settings.ticksTopic)
  const { epoch, history } = await state.read()
  const isRefillable = ({ vector }: HistoryEntry) =>
    vector?.epoch === epoch &&
    [...ranges].every(([partition, { low }]) => (vector.next.get(partition) ?? 0) >= low)
  const target = random.pick(history.slice(1, MOST_SNAPSHOTS).filter(isRefillable))
  await trino.rows(`ALTER TABLE ${TABLE} EXECUTE rollback_to_snapshot(${target.id})`)
}

export const TABLES: readonly Harm[] = [
  {
    name: 'table rolled back',
    async strike(world) {
      const newest = async () => (await world.state.read()).history[0]!.id
      const before = await newest()
      await until('ingest commits', async () => (await newest()) !== before)
      await rollBack(world)
    },
    async repair({ host, offsets }) {
      await host.stop()
      await offsets('rewind')
      await host.start()
    },
  },
  {
    name: 'files compacted by Trino',
    strike: async ({ trino }) => {
      await trino.rows(`ALTER TABLE ${TABLE} EXECUTE optimize`)
    },
  },
  {
    // Only ticks of which candles were made are merged.
    name: 'files merged and removed by maintain',
    async strike({ host }) {
      await host.invoke('rollup')
      await host.invoke('maintain')
    },
  },
  {
    // Trino knows nothing of vectors; the tables' properties tell it to leave the newest snapshots.
    name: 'snapshots expired by Trino',
    async strike({ trino }) {
      await trino.rows(`ALTER TABLE ${TABLE} EXECUTE expire_snapshots(retention_threshold => '5s')`)
    },
  },
]
