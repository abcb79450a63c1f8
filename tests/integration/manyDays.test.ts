import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { read } from '../../bench/readers/readers.ts'
import { readManifestList } from '../../lib/iceberg/manifest/readManifests.ts'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { type IngestResult, ingestTicks } from '../../lib/ingest/ingestTicks.ts'
import type { Connections } from '../../lib/lambda/connect.ts'
import { formatDateTime } from '../../lib/market/time.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { openPipeline } from '../../sandbox/pipeline.ts'
import { type Sandbox, startSandbox } from '../../sandbox/startSandbox.ts'
import { tickText } from '../corpus/case.ts'
import { services } from './sandbox.ts'
import { TICKS_TOPIC } from './ticks.ts'

const DAYS = 10_000
const DAY_US = 86_400_000_000
const SOURCE = 'DAYS'
/** A day's number is the tick's; in the middle stands a record that is no tick. */
const timeOf = (day: number) => formatDateTime(day * DAY_US + day)
const BAD_AT = DAYS / 2

/** Servers of their own: nobody else should have to read 10,000 files. */
let sandbox: Sandbox
let connections: Connections
let result: IngestResult

beforeAll(async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tickhouse-days-'))
  sandbox = await startSandbox({ dataDir, ports: 'free', servers: ['kafka', 'seaweedfs'] })
  const pipeline = openPipeline(sandbox.settings, () => {})
  await pipeline.setUp()
  await pipeline.close()
  connections = services(sandbox.env)
  result = await ingestTicks(connections, [await sendBatch()])
}, 900_000)
afterAll(async () => {
  await connections?.close()
  await sandbox?.remove()
})

/** On Kafka, and as the event source would deliver it. */
async function sendBatch() {
  const timestampMs = Date.now()
  const texts = Array.from({ length: DAYS }, (_, day) =>
    tickText({ source: `"${SOURCE}"`, number: String(day), dateTime: `"${timeOf(day)}"` }),
  )
  const values = texts.toSpliced(BAD_AT, 0, 'no tick').map(text => Buffer.from(text))
  const place = { topic: TICKS_TOPIC, partition: 0 }
  await connections.topicWriter.send(values.map(value => ({ ...place, key: null, value, timestampMs })))
  const records = values.map((value, offset) => ({ offset, timestampMs, key: null, value, headers: {} }))
  return { ...place, records }
}

describe('a batch of 10,000 ticks on 10,000 days', () => {
  test('goes in whole, in 157 commits of 64 days at most; a bad record among them is a dead letter', async () => {
    expect(result).toEqual({ ticks: DAYS, deadLetters: 1, skipped: 0, commits: 157 })
    const { metadata } = await connections.catalog.loadTable(TICKS_TABLE)
    const days = metadata.snapshots.map(({ summary }) => Number(summary['changed-partition-count'] ?? 0))
    expect(Math.max(...days)).toBe(64)
  })

  test('leaves a manifest list of 62 entries at most', async () => {
    const table = await connections.catalog.loadTable(TICKS_TABLE)
    const manifests = await readManifestList(connections.store, currentSnapshot(table)!)
    expect(manifests.length).toBeLessThanOrEqual(62)
  })

  test('comes back row by row through DuckDB', { timeout: 900_000 }, async () => {
    const table = 'market_data.stock_ticks'
    const reports = await read('duckdb', {
      tables: [table],
      source: SOURCE,
      limit: 2 * DAYS,
      env: { ...process.env, ...sandbox.env },
      cacheDir: sandbox.settings.cacheDir,
      onProgress: () => {},
    })
    const rows = reports.get(table)!.rows.map(({ number, date_time }) => [number, date_time])
    expect(rows).toEqual(Array.from({ length: DAYS }, (_, day) => [String(day), timeOf(day)]))
  })
})
