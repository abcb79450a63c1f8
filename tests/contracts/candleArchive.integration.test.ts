import { afterAll, expect, test } from 'vitest'
import { TableArchive } from '../../lib/query/tableArchive.ts'
import { services } from '../integration/sandbox.ts'
import { candle, withMonths } from '../support/candles.ts'
import { CountingStore } from '../support/countingStore.ts'
import { insertCandles } from '../support/insertCandles.ts'
import { candleArchiveContract } from './candleArchiveContract.ts'

const connections = services()
afterAll(() => connections.close())

/** Each look is made a second after the one before. */
function archiveOf(store = connections.store): TableArchive {
  let nowMs = 0
  return new TableArchive({ ...connections, store, nowMs: () => (nowMs += 1_000) })
}

candleArchiveContract('the Iceberg table, written by Trino', async () => ({
  archive: archiveOf(),
  commit: candles => insertCandles(connections.query, candles),
  source: `CONTRACT_${crypto.randomUUID()}`,
}))

test('a page reads its timeframe and month alone: one file of several, and none for a month without candles', async () => {
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
  const store = new CountingStore(connections.store)
  const snapshot = await archiveOf(store).current()
  const within = async (fromUs: number, toUs: number) => {
    store.dataFilesRead.splice(0)
    const found = await snapshot.newest({ source, symbol: 'X', timeframe: 'm1', fromUs, toUs }, 300)
    return { found: found.length, filesRead: store.dataFilesRead.length }
  }
  const inFebruary = { from: Date.UTC(1993, 1, 10) * 1000, to: Date.UTC(1993, 1, 11) * 1000 }
  expect(await within(inFebruary.from, inFebruary.to)).toEqual({ found: 300, filesRead: 1 })
  const inJune = { from: Date.UTC(1993, 5, 10) * 1000, to: Date.UTC(1993, 5, 11) * 1000 }
  expect(await within(inJune.from, inJune.to)).toEqual({ found: 0, filesRead: 0 })
})
