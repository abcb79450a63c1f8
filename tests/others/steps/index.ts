import { PYICEBERG_STEPS } from './pyiceberg.ts'
import { SPARK_STEPS } from './spark.ts'
import { MOMENTS, type Moment, type Step, type TableName } from './step.ts'
import { TRINO_STEPS } from './trino.ts'

export const STEPS: readonly Step[] = [...TRINO_STEPS, ...PYICEBERG_STEPS, ...SPARK_STEPS]

/** A step on one of its tables, at one moment. */
export interface Case {
  readonly name: string
  readonly step: Step
  readonly table: TableName
  readonly moment: Moment
}

function caseOf(step: Step, table: TableName, moment: Moment): Case {
  return { name: `${step.engine}: ${step.name}, on ${table}, ${moment}`, step, table, moment }
}

/** Every step on every table at every moment. Ticks alone change beside ingest. */
export const CASES: readonly Case[] = STEPS.flatMap(step =>
  step.tables.flatMap(table =>
    MOMENTS.filter(moment => table === 'stock_ticks' || moment !== 'during ingest').map(moment =>
      caseOf(step, table, moment),
    ),
  ),
)

/** Those of `npm test`: a few of each kind. */
export const SHORT_CASES: readonly Case[] = STEPS.flatMap(step =>
  (step.short ?? []).map(([table, moment]) => caseOf(step, table, moment)),
)
