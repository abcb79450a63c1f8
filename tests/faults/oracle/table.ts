import type { Query } from '../../../lib/ports.ts'
import type { Row } from './expectedRow.ts'

const COLUMNS = `
  source, symbol, ask, bid, mid, ask_markup, bid_markup, is_tradable,
  CAST(number AS varchar) AS number,
  CAST(date_time AT TIME ZONE 'UTC' AS varchar) AS date_time,
  CAST(receive_date_time AT TIME ZONE 'UTC' AS varchar) AS receive_date_time,
  extra, kafka_epoch, kafka_partition, kafka_offset,
  CAST(kafka_timestamp AT TIME ZONE 'UTC' AS varchar) AS kafka_timestamp`

/** How many rows the table has of a partition, and how many different offsets. */
export interface PartitionCount {
  readonly epoch: number
  readonly partition: number
  readonly rows: number
  readonly offsets: number
}

/** The ticks table as Trino reads it. */
export class TableReader {
  readonly #query: Query

  constructor(query: Query) {
    this.#query = query
  }

  counts(): Promise<PartitionCount[]> {
    return this.#query.rows(`
      SELECT kafka_epoch AS epoch, kafka_partition AS partition, count(*) AS "rows",
        count(DISTINCT kafka_offset) AS offsets
      FROM lake.market_data.stock_ticks GROUP BY 1, 2`)
  }

  /** The rows of an epoch from these offsets on; all rows without them. */
  async rows(from?: {
    readonly epoch: number
    readonly position: ReadonlyMap<number, number>
  }): Promise<Row[]> {
    const started = [...(from?.position ?? [])].map(
      ([partition, offset]) => `(kafka_partition = ${partition} AND kafka_offset >= ${offset})`,
    )
    const unstarted = [...(from?.position.keys() ?? [])].join(', ')
    const places = [...started, ...(unstarted ? [`kafka_partition NOT IN (${unstarted})`] : [])]
    const where =
      from === undefined ? 'true' : `kafka_epoch = ${from.epoch} AND (${places.join(' OR ') || 'true'})`
    const rows = await this.#query.rows<Row>(
      `SELECT ${COLUMNS} FROM lake.market_data.stock_ticks WHERE ${where}`,
    )
    return rows.map(row => ({ ...row, extra: normal(row.extra) }))
  }
}

/** The same JSON without its white space. */
function normal(json: Row[string] | undefined): string | null {
  return typeof json === 'string' ? JSON.stringify(JSON.parse(json)) : null
}
