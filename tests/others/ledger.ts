import type { OracleTick } from '../support/foldTicks.ts'
import { oracleTick } from '../support/oracle.ts'

/** A tick to be sent: the fields of its JSON that matter, and where to. */
export interface TestTick {
  readonly source: string
  readonly symbol: string
  readonly mid: number
  readonly number: number
  readonly dateTime: string
  readonly partition?: number
}

/** A moment of the table that it can be rolled back to. */
export interface Bookmark {
  readonly table: readonly OracleTick[]
  readonly retired: readonly OracleTick[]
  readonly ingested: number
}

/** All ticks that were sent, and what the table must have of them after what others did to it. */
export class Ledger {
  /** As they were sent, in that order. */
  readonly #all: OracleTick[] = []
  #ingested = 0
  #table: OracleTick[] = []
  #retired: OracleTick[] = []

  /** What the table must hold. */
  get table(): readonly OracleTick[] {
    return this.#table
  }

  /** What the candles are the fold of: ticks of the oldest days count when they are gone, until that is accepted. */
  folded(): readonly OracleTick[] {
    return [...this.#table, ...this.#retired]
  }

  sent(value: string, partition: number, offset: number): void {
    this.#all.push(oracleTick(value, partition, offset))
  }

  /** Another engine inserts a tick that Kafka does not have. */
  inserted(value: string, partition: number, offset: number): void {
    this.#table.push(oracleTick(value, partition, offset))
  }

  /** All that was sent is in the table. */
  ingested(): void {
    this.#table.push(...this.#all.slice(this.#ingested))
    this.#ingested = this.#all.length
  }

  /** Somebody changed the ticks for which `is` holds: undefined deletes one. */
  change(is: (tick: OracleTick) => boolean, to: (tick: OracleTick) => OracleTick | undefined): void {
    this.#table = this.#table.flatMap(tick => (is(tick) ? (to(tick) ?? []) : [tick]))
  }

  /** Somebody deleted the oldest days, and their candles stay. */
  retire(is: (tick: OracleTick) => boolean): void {
    this.#retired.push(...this.#table.filter(is))
    this.#table = this.#table.filter(tick => !is(tick))
  }

  bookmark(): Bookmark {
    return { table: [...this.#table], retired: [...this.#retired], ingested: this.#ingested }
  }

  /** The table, and its offsets with it, is as it was: what came since is ingested again, as it was sent. */
  rollBack({ table, retired, ingested }: Bookmark): void {
    this.#table = [...table]
    this.#retired = [...retired]
    this.#ingested = ingested
  }

  /** The table was dropped, and begins again with all that Kafka has. */
  reset(): void {
    this.rollBack({ table: [], retired: [], ingested: 0 })
  }
}
