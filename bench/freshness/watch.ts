import type { Query } from '../../lib/ports.ts'
import { BenchFailed } from '../until.ts'

/** Where a tick lies on Kafka, and its timestamp there. */
export interface Place {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
}

/** As a board asks: of the last moments only, so that the time grows with neither history nor files. */
const NEWEST = `
  SELECT kafka_partition AS "partition", max(kafka_offset) AS newest
  FROM lake.market_data.stock_ticks
  WHERE date_time > current_timestamp - INTERVAL '30' SECOND
  GROUP BY kafka_partition`

const ALL = `
  SELECT kafka_partition AS "partition", kafka_offset AS "offset",
    CAST(to_unixtime(kafka_timestamp) * 1000 AS bigint) AS "timestampMs"
  FROM lake.market_data.stock_ticks`

interface Look {
  readonly atMs: number
  /** By partition, the largest offset that the query returned. */
  readonly newest: ReadonlyMap<number, number>
}

/** Asks for the newest ticks over and over, one query after the other, and remembers when it saw which. */
export class TableWatch {
  readonly queriesMs: number[] = []
  readonly #looks: Look[] = []
  readonly #query: Query
  readonly #watching: Promise<void>
  #isOn = true

  constructor(query: Query) {
    this.#query = query
    this.#watching = this.#watch()
    this.#watching.catch(() => undefined)
  }

  /** Ends it; throws what a query threw. */
  async stop(): Promise<void> {
    this.#isOn = false
    await this.#watching
  }

  /** True once so many records have been seen since the topic began; undefined before. */
  saw(count: number): true | undefined {
    const newest = [...(this.#looks.at(-1)?.newest.values() ?? [])]
    return newest.reduce((sum, offset) => sum + offset + 1, 0) >= count || undefined
  }

  /** When the answer came that was the first to have the tick; a partition's ticks come in the order of their offsets. */
  seenAtMs({ partition, offset }: Place): number {
    const look = this.#looks.find(({ newest }) => (newest.get(partition) ?? -1) >= offset)
    if (look === undefined) throw new BenchFailed(`no query returned offset ${offset} of ${partition}`)
    return look.atMs
  }

  async #watch(): Promise<void> {
    const newest = new Map<number, number>()
    while (this.#isOn) {
      const askedMs = Date.now()
      const rows = await this.#query.rows<{ partition: number; newest: number }>(NEWEST)
      const atMs = Date.now()
      for (const row of rows) newest.set(row.partition, row.newest)
      this.queriesMs.push(atMs - askedMs)
      this.#looks.push({ atMs, newest: new Map(newest) })
    }
  }
}

/** Where all rows of the table lay. */
export function storedTicks(query: Query): Promise<Place[]> {
  return query.rows<Place>(ALL)
}
