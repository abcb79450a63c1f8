import { predicate } from '../where.ts'
import { type Act, CHANGE, column, keys, type Step, TABLES } from './step.ts'

const name = ({ table }: Act) => `market_data.${table}`

function call(act: Act, step: string, given: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
  return act.engines.pyiceberg.call(step, { table: name(act), ...given })
}

const where = (act: Act) => ({ where: predicate(act.where, 'pyiceberg') })
const change = (act: Act) => ({ ...where(act), column: column(act.table), add: CHANGE })
const BRANCH = 'others'

/** PyIceberg 0.12: copy-on-write. */
export const PYICEBERG_STEPS: readonly Step[] = [
  {
    name: 'delete of some minutes',
    engine: 'pyiceberg',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'deletes',
    short: [['stock_ticks', 'after rollup']],
    run: act => call(act, 'delete', where(act)),
  },
  {
    name: 'delete of whole partitions',
    engine: 'pyiceberg',
    tables: TABLES,
    reach: 'partition',
    outcome: 'deletes',
    run: act => call(act, 'delete', where(act)),
  },
  {
    name: 'delete, then expire_snapshots',
    engine: 'pyiceberg',
    tables: TABLES,
    reach: 'symbol',
    outcome: 'deletes',
    short: [
      ['stock_ticks', 'before rollup'],
      ['candles', 'after rollup'],
    ],
    run: async act => {
      await call(act, 'delete', where(act))
      await call(act, 'expire')
    },
  },
  {
    name: 'overwrite',
    engine: 'pyiceberg',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'changes',
    short: [['candles', 'before rollup']],
    run: act => call(act, 'overwrite', change(act)),
  },
  {
    name: 'upsert',
    engine: 'pyiceberg',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'changes',
    short: [['stock_ticks', 'during ingest']],
    run: act => call(act, 'upsert', { ...change(act), keys: keys(act.table) }),
  },
  {
    name: 'append of rows that are there',
    engine: 'pyiceberg',
    tables: ['candles'],
    reach: 'symbol',
    outcome: 'changes',
    run: act => call(act, 'append_again', where(act)),
  },
  {
    name: 'expire_snapshots',
    engine: 'pyiceberg',
    tables: TABLES,
    outcome: 'keeps',
    run: act => call(act, 'expire'),
  },
  {
    name: 'append to a branch every 0.3 s',
    engine: 'pyiceberg',
    tables: TABLES,
    outcome: 'keeps',
    short: [['candles', 'before rollup']],
    isRandom: false,
    run: act => call(act, 'begin_branch', { branch: BRANCH, every_s: 0.3 }),
    undo: ({ engines }) => engines.pyiceberg.call('end_branch', { branch: BRANCH }),
  },
  {
    name: 'append to a branch that stays',
    engine: 'pyiceberg',
    tables: TABLES,
    outcome: 'keeps',
    run: act => call(act, 'branch_once', { branch: 'staying' }),
  },
  {
    name: 'a column more',
    engine: 'pyiceberg',
    tables: TABLES,
    outcome: 'keeps',
    run: act => call(act, 'add_column', { column: 'remark' }),
    undo: act => call(act, 'drop_column', { column: 'remark' }),
  },
  {
    name: 'rollback_to_snapshot',
    engine: 'pyiceberg',
    tables: TABLES,
    outcome: 'changes',
    mayFail: true,
    run: act => call(act, 'rollback', { snapshot: act.mark.snapshotId }),
    record: (ledger, { table, mark }) => {
      if (table === 'stock_ticks') ledger.rollBack(mark.ledger)
    },
  },
]
