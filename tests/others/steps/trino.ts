import { predicate } from '../where.ts'
import { type Act, CHANGE, column, keys, type Step, TABLES } from './step.ts'

const name = ({ table }: Act) => `lake.market_data.${table}`
const where = (act: Act) => predicate(act.where, 'trino')
const alter = (act: Act, change: string) => act.engines.trino.sql(`ALTER TABLE ${name(act)} ${change}`)
const optimize = (act: Act) => alter(act, 'EXECUTE optimize')
const expire = (act: Act) => alter(act, "EXECUTE expire_snapshots(retention_threshold => '0s')")
const deleteRows = (act: Act) => act.engines.trino.sql(`DELETE FROM ${name(act)} WHERE ${where(act)}`)
const updateRows = (act: Act) =>
  act.engines.trino.sql(
    `UPDATE ${name(act)} SET ${column(act.table)} = ${column(act.table)} + ${CHANGE} WHERE ${where(act)}`,
  )

const OWN_PARTITIONING = {
  stock_ticks: "ARRAY['day(date_time)']",
  candles: "ARRAY['timeframe', 'month(date_time)']",
}

async function repartition(act: Act, transform: string): Promise<void> {
  const own = OWN_PARTITIONING[act.table].slice(0, -1)
  await alter(act, `SET PROPERTIES partitioning = ${own}, '${transform}']`)
}

async function partitionAsBefore(act: Act): Promise<void> {
  await alter(act, `SET PROPERTIES partitioning = ${OWN_PARTITIONING[act.table]}`)
}

/** Trino 476: merge-on-read, with position deletes; whole partitions go as files. */
export const TRINO_STEPS: readonly Step[] = [
  {
    name: 'DELETE of some minutes',
    engine: 'trino',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'deletes',
    short: [
      ['stock_ticks', 'after rollup'],
      ['stock_ticks', 'during rollup'],
    ],
    run: deleteRows,
  },
  {
    name: 'DELETE of a symbol',
    engine: 'trino',
    tables: TABLES,
    reach: 'symbol',
    outcome: 'deletes',
    short: [
      ['stock_ticks', 'before rollup'],
      ['candles', 'after rollup'],
    ],
    run: deleteRows,
  },
  {
    name: 'DELETE of whole partitions',
    engine: 'trino',
    tables: TABLES,
    reach: 'partition',
    outcome: 'deletes',
    short: [['stock_ticks', 'after rollup']],
    run: deleteRows,
  },
  {
    name: 'DELETE, then optimize',
    engine: 'trino',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'deletes',
    short: [['candles', 'before rollup']],
    run: async act => {
      await deleteRows(act)
      await optimize(act)
    },
  },
  {
    name: 'DELETE, optimize and expire_snapshots',
    engine: 'trino',
    tables: TABLES,
    reach: 'symbol',
    outcome: 'deletes',
    run: async act => {
      await deleteRows(act)
      await optimize(act)
      await expire(act)
    },
  },
  {
    name: 'UPDATE',
    engine: 'trino',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'changes',
    short: [['candles', 'after rollup']],
    run: updateRows,
  },
  {
    name: 'MERGE',
    engine: 'trino',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'changes',
    run: act => {
      const on = keys(act.table).map(key => `t.${key} = o.${key}`)
      const changed = column(act.table)
      return act.engines.trino.sql(`
        MERGE INTO ${name(act)} t USING (SELECT * FROM ${name(act)} WHERE ${where(act)}) o
        ON ${on.join(' AND ')} WHEN MATCHED THEN UPDATE SET ${changed} = o.${changed} + ${CHANGE}`)
    },
  },
  {
    name: 'INSERT of rows that are there',
    engine: 'trino',
    tables: ['candles'],
    reach: 'symbol',
    outcome: 'changes',
    run: act =>
      act.engines.trino.sql(`INSERT INTO ${name(act)} SELECT * FROM ${name(act)} WHERE ${where(act)}`),
  },
  {
    name: 'optimize',
    engine: 'trino',
    tables: TABLES,
    outcome: 'keeps',
    short: [['stock_ticks', 'during rollup']],
    run: optimize,
  },
  {
    name: 'optimize and expire_snapshots',
    engine: 'trino',
    tables: TABLES,
    outcome: 'keeps',
    run: async act => {
      await optimize(act)
      await expire(act)
    },
  },
  {
    name: 'ADD COLUMN',
    engine: 'trino',
    tables: TABLES,
    outcome: 'keeps',
    short: [['stock_ticks', 'before rollup']],
    run: act => alter(act, 'ADD COLUMN note varchar'),
    undo: act => alter(act, 'DROP COLUMN note'),
  },
  {
    name: 'RENAME COLUMN',
    engine: 'trino',
    tables: TABLES,
    outcome: 'refused',
    says: 'renamed',
    isRandom: false,
    run: act => alter(act, `RENAME COLUMN ${column(act.table)} TO renamed`),
    undo: act => alter(act, `RENAME COLUMN renamed TO ${column(act.table)}`),
  },
  {
    name: 'partitioned by symbol too, optimized',
    engine: 'trino',
    tables: TABLES,
    outcome: 'keeps',
    run: async act => {
      await repartition(act, 'symbol')
      await optimize(act)
    },
    undo: partitionAsBefore,
  },
  {
    name: 'partitioned by bucket(symbol) too',
    engine: 'trino',
    tables: TABLES,
    outcome: 'keeps',
    run: act => repartition(act, 'bucket(symbol, 8)'),
    undo: partitionAsBefore,
  },
  {
    name: 'rollback_to_snapshot',
    engine: 'trino',
    tables: TABLES,
    outcome: 'changes',
    mayFail: true,
    run: act => alter(act, `EXECUTE rollback_to_snapshot(${act.mark.snapshotId})`),
    record: (ledger, { table, mark }) => {
      if (table === 'stock_ticks') ledger.rollBack(mark.ledger)
    },
  },
]
