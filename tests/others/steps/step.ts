import type { EngineName, Engines } from '../engines/index.ts'
import type { Bookmark, Ledger } from '../ledger.ts'
import { matches, type Where } from '../where.ts'

export const TABLES = ['stock_ticks', 'candles'] as const
export type TableName = (typeof TABLES)[number]

/** At which moment of the pipeline's work a step happens: with ticks that are not rolled up yet, with none, or beside a commit. */
export const MOMENTS = ['before rollup', 'after rollup', 'during rollup', 'during ingest'] as const
export type Moment = (typeof MOMENTS)[number]

/** What a step is done to. */
export interface Act {
  readonly engines: Engines
  readonly table: TableName
  /** The rows that it is about. */
  readonly where: Where
  /** What the table was before its newest ticks came. */
  readonly mark: { readonly snapshotId: string; readonly ledger: Bookmark }
}

/**
 * Which rows a step is about: of one symbol some minutes, or all it has (of candles, its m1), or all of a day (of candles,
 * all m1 of the month): whole partitions.
 */
export type Reach = 'minutes' | 'symbol' | 'partition'

/**
 * What must come of a step on the ticks: candles follow ticks that are gone or changed; nothing changes; the functions
 * stop with an error that names table and change, until it is undone. Rows of candles always come back.
 */
export type Outcome = 'deletes' | 'changes' | 'keeps' | 'refused'

/** One thing that others do. */
export interface Step {
  readonly name: string
  readonly engine: EngineName
  readonly tables: readonly TableName[]
  readonly reach?: Reach
  readonly outcome: Outcome
  /** What of it is in the short form. */
  readonly short?: readonly (readonly [TableName, Moment])[]
  /** Of a refusal: what its message must say, beside the table's name. */
  readonly says?: string
  /** False for what makes no sense among random others. */
  readonly isRandom?: boolean
  /** True where an engine rightly refuses it at times: the snapshot may have been expired. */
  readonly mayFail?: boolean
  run(act: Act): Promise<unknown>
  /** Ends it or takes it back, once the pipeline has coped with it. */
  undo?(act: Act): Promise<unknown>
  /** In the ledger, where it is not the outcome alone that says it. */
  record?(ledger: Ledger, act: Act): void
}

/** What the step does to the ledger, once its engine has done it to the table. */
export function record(step: Step, ledger: Ledger, act: Act): void {
  if (step.record !== undefined) step.record(ledger, act)
  if (step.record !== undefined || act.table === 'candles') return
  const isMeant = matches(act.where)
  if (step.outcome === 'deletes') ledger.change(isMeant, () => undefined)
  if (step.outcome === 'changes') ledger.change(isMeant, tick => ({ ...tick, mid: tick.mid + CHANGE }))
}

/** A column that changes what candles say, and by how much it changes. */
export const CHANGE = 1000
export function column(table: TableName): string {
  return table === 'stock_ticks' ? 'mid' : 'high'
}

/** What tells the rows of a table apart. */
export function keys(table: TableName): string[] {
  return table === 'stock_ticks'
    ? ['kafka_epoch', 'kafka_partition', 'kafka_offset']
    : ['source', 'symbol', 'timeframe', 'date_time']
}
