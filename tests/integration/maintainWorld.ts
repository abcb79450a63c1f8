import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { referencedFiles } from '../../lib/iceberg/upkeep/referencedFiles.ts'
import { newTrust } from '../../lib/ingest/admit.ts'
import { ingestTicks } from '../../lib/ingest/ingestTicks.ts'
import type { Connections } from '../../lib/lambda/connect.ts'
import type { KafkaRecord, RecordBatch } from '../../lib/ports.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { nextOffset } from '../../lib/tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import { sandboxEnv, sendMessages, until } from './sandbox.ts'
import { TICKS_TOPIC, tickMessage } from './ticks.ts'

/** Commits of 20 ticks each on two days, one after the other. */
export class TickCommits {
  readonly #connections: Connections
  readonly #source: string
  /** A later one repeats times of the past when this is set back. */
  sent = 0

  constructor(connections: Connections, source: string) {
    this.#connections = connections
    this.#source = source
  }

  async add(commits: number): Promise<void> {
    for (let i = 0; i < commits; i++) {
      const messages = Array.from({ length: 20 }, (_, n) => {
        const dateTime = new Date(Date.UTC(2025, 8, 30, 23, 54) + (this.sent + n) * 3_000).toISOString()
        const fields = { symbol: `S${n % 3}`, mid: 100 + ((this.sent + n) % 13), number: this.sent + n }
        const message = tickMessage({ source: this.#source, ...fields, dateTime })
        return { ...message, partition: n % 4 }
      })
      await sendMessages(TICKS_TOPIC, messages)
      this.sent += messages.length
      await ingestAll(this.#connections)
    }
  }
}

/** What of each partition the table does not have yet, as one event for a process that has just begun. */
async function ingestAll(connections: Connections): Promise<void> {
  const { catalog, topicLog } = connections
  const { vector } = ticksState(await catalog.loadTable(TICKS_TABLE))
  const batches: RecordBatch[] = []
  for (const [partition, { high }] of await topicLog.offsets(TICKS_TOPIC)) {
    const records: KafkaRecord[] = []
    const from = nextOffset(vector, partition)
    for await (const some of topicLog.records(TICKS_TOPIC, partition, from, high)) records.push(...some)
    if (records.length > 0) batches.push({ topic: TICKS_TOPIC, partition, records })
  }
  await ingestTicks({ ...connections, trust: newTrust() }, batches)
}

/** Files by what they are: named by a table and not there, and there but named by no table. */
export async function strayFiles({ catalog, store }: Connections) {
  const missing: string[] = []
  const unnamed: string[] = []
  for (const ident of [TICKS_TABLE, CANDLES_TABLE]) {
    const table = await catalog.loadTable(ident)
    const listed = new Set<string>()
    for await (const page of store.list(`${table.metadata.location}/`)) {
      for (const { uri } of page) listed.add(uri)
    }
    const named = new Set<string>()
    for await (const uris of referencedFiles(store, table)) for (const uri of uris) named.add(uri)
    missing.push(...named.difference(listed))
    unnamed.push(...listed.difference(named))
  }
  return { missing, unnamed }
}

/** Rolls up until no hour is stale: the hours of late ticks may have to wait for the next sweep. */
export async function catchUp(connections: Connections): Promise<void> {
  const isCaughtUp = async () => (await rollupCandles(connections, UNBOUNDED)).hoursStale === 0
  await until('nothing is stale', isCaughtUp, WITHIN_MS)
}

/** Longer than a sweep of few hours and the rest after it. */
const WITHIN_MS = 240_000

const VERIFY = fileURLToPath(new URL('../../bin/verify.ts', import.meta.url))

/** `npm run -s verify -- --json --wait 60`: nobody catches up meanwhile, so that hours which are left are a failure. */
export async function runVerify(...args: string[]) {
  const child = spawn(process.execPath, [VERIFY, '--json', '--wait', '60', ...args], {
    env: { ...process.env, ...sandboxEnv() },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [[code], output] = await Promise.all([once(child, 'close'), text(child.stdout)])
  return { code, findings: JSON.parse(output || '{}') }
}
