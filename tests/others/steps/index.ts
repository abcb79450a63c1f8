import { DUCKDB_STEPS } from './duckdb.ts'
import { PYICEBERG_STEPS } from './pyiceberg.ts'
import { SPARK_STEPS } from './spark.ts'
import type { Step } from './step.ts'
import { TRINO_STEPS } from './trino.ts'

export const STEPS: readonly Step[] = [...TRINO_STEPS, ...PYICEBERG_STEPS, ...SPARK_STEPS, ...DUCKDB_STEPS]
