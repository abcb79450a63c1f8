import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ancestors } from '../../lib/iceberg/metadata.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { pipelineStatus } from '../../lib/status/pipelineStatus.ts'
import { TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import { Offline } from './offline.ts'
import { sendMessages, services, until } from './sandbox.ts'
import { TICKS_TOPIC, tickMessage } from './ticks.ts'

const connections = services()
let offline: Offline

beforeAll(async () => {
  offline = await Offline.start('trickle', { CANDLES: 'false' })
  await until('what is there is in', async () => (await pipelineStatus(connections)).ingestLag === 0)
})
afterAll(async () => {
  await offline.stop()
  await connections.close()
})

const load = () => connections.catalog.loadTable(TICKS_TABLE)

/** Sends one tick, whichever partition its symbol means. */
async function send(n: number): Promise<void> {
  const dateTime = new Date().toISOString().slice(0, -1)
  const tick = { source: 'TRICKLE', symbol: `S${n % 10}`, mid: 100, number: n, dateTime }
  await sendMessages(TICKS_TOPIC, [tickMessage(tick)])
}

const ticksAreIn = (count: number) =>
  until(`${count} ticks in the table`, async () => ticksState(await load()).totals.ticks === count)

test('100 ticks, one after the other on all partitions, are at most one commit a second, and each is counted', async () => {
  const before = ticksState(await load()).totals.ticks
  await send(0)
  await ticksAreIn(before + 1)
  const { lastSequenceNumber } = (await load()).metadata
  const startMs = Date.now()
  for (let n = 1; n <= 100; n++) {
    await send(n)
    await setTimeout(100)
  }
  await ticksAreIn(before + 101)

  const table = await load()
  const commits = [...ancestors(table)].filter(({ sequenceNumber }) => sequenceNumber > lastSequenceNumber)
  // Each gathers for a second, from its first tick on: however long one takes, so many seconds are over with the last.
  const endMs = Math.max(...commits.map(({ timestampMs }) => timestampMs))
  expect(commits.length).toBeGreaterThan(1)
  expect(commits.length).toBeLessThanOrEqual((endMs - startMs) / 1000)

  const totals = commits.map(({ summary }) => Number(summary['total-records']))
  const added = commits.map(({ summary }) => Number(summary['added-records']))
  const files = await planFiles(connections.store, table)
  expect(added.reduce((sum, rows) => sum + rows, 0)).toBe(100)
  expect(Math.max(...totals)).toBe(files.reduce((sum, { recordCount }) => sum + recordCount, 0))
})
