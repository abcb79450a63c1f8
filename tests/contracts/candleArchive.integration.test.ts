import { afterAll, expect, test } from 'vitest'
import { askTrino } from '../../bench/askTrino.ts'
import type { Query } from '../../lib/ports.ts'
import { TrinoArchive } from '../../lib/query/candleArchive.ts'
import { sandboxEnv, services } from '../integration/sandbox.ts'
import { candle, withMonths } from '../support/candles.ts'
import { insertCandles } from '../support/insertCandles.ts'
import { candleArchiveContract } from './candleArchiveContract.ts'

const connections = services()
afterAll(() => connections.close())

candleArchiveContract('Iceberg, read by Trino', async () => ({
  archive: new TrinoArchive(connections),
  commit: candles => insertCandles(connections.query, candles),
  source: `CONTRACT_${crypto.randomUUID()}`,
}))

/** Trino's own protocol, for what the client does not tell: how many rows were read for an answer. */
class CountingQuery implements Query {
  rowsRead = 0

  async rows<Row>(sql: string): Promise<Row[]> {
    const { columns, rows, stats } = await askTrino(sandboxEnv().TRINO_URL!, sql)
    this.rowsRead = stats.processedRows
    return rows.map(row => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])) as Row)
  }
}

test('a page reads its timeframe and month alone: 400 of 2,400 rows, and none for a month without candles', async () => {
  const source = `PARTITIONS_${crypto.randomUUID()}`
  // In a month that no other test has candles in.
  const starts = [0, 1, 2].flatMap(month =>
    Array.from({ length: 400 }, (_, minute) => Date.UTC(1993, month, 10, 0, minute) * 1000),
  )
  const minutes = starts.map(dateTimeUs => candle({ source, dateTimeUs }))
  await insertCandles(connections.query, minutes)
  await insertCandles(
    connections.query,
    withMonths(minutes.map(one => ({ ...one, timeframe: 'm5' }))).slice(0, 1_201),
  )
  const query = new CountingQuery()
  const snapshot = await new TrinoArchive({ ...connections, query }).current()
  const within = async (fromUs: number, toUs: number) => {
    const found = await snapshot.newest({ source, symbol: 'X', timeframe: 'm1', fromUs, toUs }, 300)
    return { found: found.length, rowsRead: query.rowsRead }
  }
  const inFebruary = { from: Date.UTC(1993, 1, 10) * 1000, to: Date.UTC(1993, 1, 11) * 1000 }
  expect(await within(inFebruary.from, inFebruary.to)).toEqual({ found: 300, rowsRead: 400 })
  const inJune = { from: Date.UTC(1993, 5, 10) * 1000, to: Date.UTC(1993, 5, 11) * 1000 }
  expect(await within(inJune.from, inJune.to)).toEqual({ found: 0, rowsRead: 0 })
})
