import { predicate } from '../where.ts'
import { type Act, CHANGE, column, keys, type Step, TABLES } from './step.ts'

const name = ({ table }: Act) => `lake.market_data.${table}`
const where = (act: Act) => predicate(act.where, 'spark')
const sql = ({ engines }: Act, statement: string) => engines.spark.call('sql', { statement })
const deleteRows = (act: Act) => sql(act, `DELETE FROM ${name(act)} WHERE ${where(act)}`)
const procedure = (act: Act, call: string, more = '') =>
  sql(act, `CALL lake.system.${call}(table => 'market_data.${act.table}'${more})`)

/** Rewrites every file; the new ones begin with the old ones' data sequence number, or do not. */
const rewrite = (act: Act, isStarting: boolean) =>
  procedure(
    act,
    'rewrite_data_files',
    `, options => map('rewrite-all', 'true', 'use-starting-sequence-number', '${isStarting}')`,
  )

async function mergeOnRead(
  act: Act,
  command: 'delete' | 'update',
  run: () => Promise<unknown>,
): Promise<void> {
  const property = `write.${command}.mode`
  await sql(act, `ALTER TABLE ${name(act)} SET TBLPROPERTIES ('${property}' = 'merge-on-read')`)
  await run()
  await sql(act, `ALTER TABLE ${name(act)} UNSET TBLPROPERTIES ('${property}')`)
}

const updateRows = (act: Act) => {
  const changed = column(act.table)
  return sql(act, `UPDATE ${name(act)} SET ${changed} = ${changed} + ${CHANGE} WHERE ${where(act)}`)
}

/** Spark 4.1 with Iceberg 1.12: copy-on-write, or merge-on-read where a property says so; and the procedures. */
export const SPARK_STEPS: readonly Step[] = [
  {
    name: 'DELETE, copy-on-write',
    engine: 'spark',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'deletes',
    short: [['stock_ticks', 'during rollup']],
    run: deleteRows,
  },
  {
    name: 'DELETE, merge-on-read',
    engine: 'spark',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'deletes',
    short: [['stock_ticks', 'before rollup']],
    run: act => mergeOnRead(act, 'delete', () => deleteRows(act)),
  },
  {
    name: 'DELETE of whole partitions',
    engine: 'spark',
    tables: TABLES,
    reach: 'partition',
    outcome: 'deletes',
    run: deleteRows,
  },
  {
    name: 'DELETE, merge-on-read, then rewrite_position_delete_files',
    engine: 'spark',
    tables: TABLES,
    reach: 'symbol',
    outcome: 'deletes',
    run: async act => {
      await mergeOnRead(act, 'delete', () => deleteRows(act))
      await procedure(act, 'rewrite_position_delete_files', ", options => map('rewrite-all', 'true')")
    },
  },
  {
    name: 'UPDATE, merge-on-read',
    engine: 'spark',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'changes',
    short: [['candles', 'after rollup']],
    run: act => mergeOnRead(act, 'update', () => updateRows(act)),
  },
  {
    name: 'MERGE, copy-on-write',
    engine: 'spark',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'changes',
    run: act => {
      const on = keys(act.table).map(key => `t.${key} = o.${key}`)
      const changed = column(act.table)
      return sql(
        act,
        `MERGE INTO ${name(act)} t USING (SELECT * FROM ${name(act)} WHERE ${where(act)}) o
         ON ${on.join(' AND ')} WHEN MATCHED THEN UPDATE SET ${changed} = o.${changed} + ${CHANGE}`,
      )
    },
  },
  {
    name: 'rewrite_data_files with the starting sequence number',
    engine: 'spark',
    tables: TABLES,
    outcome: 'keeps',
    run: act => rewrite(act, true),
  },
  {
    name: 'rewrite_data_files without the starting sequence number',
    engine: 'spark',
    tables: TABLES,
    outcome: 'keeps',
    short: [['stock_ticks', 'before rollup']],
    run: act => rewrite(act, false),
  },
  {
    name: 'DELETE, then rewrite_data_files without the starting sequence number',
    engine: 'spark',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'deletes',
    run: async act => {
      await mergeOnRead(act, 'delete', () => deleteRows(act))
      await rewrite(act, false)
    },
  },
  {
    name: 'rewrite_manifests',
    engine: 'spark',
    tables: TABLES,
    outcome: 'keeps',
    run: act => procedure(act, 'rewrite_manifests'),
  },
  {
    name: 'rewrite_data_files, then expire_snapshots with retain_last 1',
    engine: 'spark',
    tables: TABLES,
    outcome: 'keeps',
    short: [['candles', 'before rollup']],
    run: async act => {
      await rewrite(act, true)
      const now = `TIMESTAMP '${new Date().toISOString().slice(0, 23).replace('T', ' ')}'`
      await procedure(act, 'expire_snapshots', `, older_than => ${now}, retain_last => 1`)
    },
  },
  {
    name: 'INSERT into a branch',
    engine: 'spark',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'keeps',
    run: async act => {
      await sql(act, `ALTER TABLE ${name(act)} CREATE BRANCH IF NOT EXISTS audit`)
      await sql(act, `INSERT INTO ${name(act)}.branch_audit SELECT * FROM ${name(act)} WHERE ${where(act)}`)
    },
  },
  {
    name: 'rollback_to_snapshot',
    engine: 'spark',
    tables: TABLES,
    outcome: 'changes',
    mayFail: true,
    run: act => procedure(act, 'rollback_to_snapshot', `, snapshot_id => ${act.mark.snapshotId}`),
    record: (ledger, { table, mark }) => {
      if (table === 'stock_ticks') ledger.rollBack(mark.ledger)
    },
  },
]
