import { type EngineOptions, EngineProcess } from './engineProcess.ts'

/** DuckDB 1.5 with its Iceberg extension; its one step is `sql`. */
export function duckdb(options: EngineOptions): EngineProcess {
  return new EngineProcess({ script: 'duckdb_sql.py', packages: ['python'] }, options)
}
