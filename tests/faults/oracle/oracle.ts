import type { TableStateReader } from '../world/tableState.ts'
import type { LoggedRecord } from './expectedRow.ts'
import { type Finding, judgeLetters, judgeRows, judgeTotals, judgeVector } from './judge.ts'
import type { LogCopy } from './log.ts'
import type { PartitionCount, TableReader } from './table.ts'

/**
 * Compares what lay on Kafka with what the table and the dead-letter topic hold. It reads with engines of others
 * (kafkajs, Trino, plain HTTP) and shares no code with ingest.
 */
export class Oracle {
  readonly log: LogCopy
  readonly #table: TableReader
  readonly #state: TableStateReader
  readonly #known = new Set<string>()

  constructor(log: LogCopy, table: TableReader, state: TableStateReader) {
    this.log = log
    this.#table = table
    this.#state = state
  }

  /** After a round that ended at these offsets: findings that are new. Values are compared where rows are new, or counts are off. */
  async lookAtRound(ends: ReadonlyMap<number, number>): Promise<Finding[]> {
    const { epoch, position } = this.log
    const fresh = await this.log.readOn(ends)
    const isWhole = isCounted(this.log.records, await this.#table.counts())
    const rows = isWhole
      ? judgeRows(fresh, await this.#table.rows({ epoch, position }))
      : judgeRows(this.log.records, await this.#table.rows())
    return this.#unknown([...rows, ...(await this.#lookAside(ends))])
  }

  /** Every record, every row, every value. */
  async lookAtAll(): Promise<Finding[]> {
    const rows = judgeRows(this.log.records, await this.#table.rows())
    return this.#unknown([...rows, ...(await this.#lookAside(this.log.position))])
  }

  async #lookAside(ends: ReadonlyMap<number, number>): Promise<Finding[]> {
    const { records, letters, lost } = this.log
    const { next, totals } = await this.#state.read()
    return [
      ...judgeLetters(records, letters),
      ...judgeTotals(records, lost, totals),
      ...judgeVector(ends, next),
    ]
  }

  #unknown(findings: readonly Finding[]): Finding[] {
    const unknown = findings.filter(({ id }) => !this.#known.has(id))
    for (const { id } of unknown) this.#known.add(id)
    return unknown
  }
}

function isCounted(records: readonly LoggedRecord[], counts: readonly PartitionCount[]): boolean {
  const wanted = Map.groupBy(
    records.filter(({ expect }) => expect === 'tick'),
    ({ epoch, partition }) => `${epoch}/${partition}`,
  )
  return (
    counts.length === wanted.size &&
    counts.every(({ epoch, partition, rows, offsets }) => {
      const count = wanted.get(`${epoch}/${partition}`)?.length
      return rows === count && offsets === count
    })
  )
}
