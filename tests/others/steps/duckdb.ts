import { predicate } from '../where.ts'
import { type Act, CHANGE, column, type Step, TABLES } from './step.ts'

const name = ({ table }: Act) => `lake.market_data.${table}`
const where = (act: Act) => predicate(act.where, 'duckdb')
const sql = ({ engines }: Act, statement: string) => engines.duckdb.call('sql', { statement })

/** DuckDB 1.5: merge-on-read. */
export const DUCKDB_STEPS: readonly Step[] = [
  {
    name: 'DELETE',
    engine: 'duckdb',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'deletes',
    run: act => sql(act, `DELETE FROM ${name(act)} WHERE ${where(act)}`),
  },
  {
    name: 'UPDATE',
    engine: 'duckdb',
    tables: TABLES,
    reach: 'minutes',
    outcome: 'changes',
    run: act => {
      const changed = column(act.table)
      return sql(act, `UPDATE ${name(act)} SET ${changed} = ${changed} + ${CHANGE} WHERE ${where(act)}`)
    },
  },
  {
    name: 'INSERT of rows that are there',
    engine: 'duckdb',
    tables: ['candles'],
    reach: 'symbol',
    outcome: 'changes',
    run: act => sql(act, `INSERT INTO ${name(act)} SELECT * FROM ${name(act)} WHERE ${where(act)}`),
  },
]
