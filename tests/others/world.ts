/**
 * A world in which others touch the tables: real servers of its own, the functions' own code called in this process on
 * the real table names, and the engines of `engines/`.
 *
 *     steps/       what others do to a table, a row each: which engine, on which table, what becomes of its ticks
 *     playStep.ts  one step at one moment of the pipeline's work, and what must hold during it and afterwards
 *     stories.ts   what is more than a step: tables dropped, the oldest days deleted
 *     random.ts    any of them in a random order: `npm run others -- --steps N --seed S`
 *     run.ts       that command; with `--cases` every row of the table at every moment, `--only TEXT` some of them
 *     others.integration.test.ts   the short form, on SeaweedFS and on MinIO
 *
 * The ledger is the measure: it knows every tick that was sent, and what steps did to those in the table. The judge holds
 * three things against it, and shares no code with what it judges: the rows of the ticks table, the candles, and all that
 * was ever sent to the candle topics. Trino and a plain consumer read them.
 *
 * The functions' clock stands still until a test moves it, half a day behind the engines': so that no sweep rests, and
 * their commits never lie before ours.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Producer } from 'kafkajs'
import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { ingestTicks } from '../../lib/ingest/ingestTicks.ts'
import { readConfig } from '../../lib/lambda/config.ts'
import { type Connections, connect } from '../../lib/lambda/connect.ts'
import { maintain } from '../../lib/maintain/maintain.ts'
import type { KafkaRecord, Log } from '../../lib/ports.ts'
import { candleTopics, publishCandles } from '../../lib/publish/publishCandles.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { type RollupResult, rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { setUp } from '../../lib/setup/setUp.ts'
import { nextOffset } from '../../lib/tables/offsetVector.ts'
import { TICKS_TABLE, ticksState } from '../../lib/tables/ticksTable.ts'
import { type Lake, ROOT } from '../../sandbox/settings.ts'
import { startSandbox } from '../../sandbox/startSandbox.ts'
import { plainKafka } from '../faults/world/kafka.ts'
import { CandleTopics } from './candleTopics.ts'
import { type Engines, openEngines } from './engines/index.ts'
import { judgeCandles, judgeTicks, judgeTopics } from './judge.ts'
import { Ledger, type TestTick } from './ledger.ts'
import { readCandles, readTicks } from './tables.ts'

export interface WorldOptions {
  readonly lake?: Lake
  readonly onProgress: (line: string) => void
}

/** A line that one of the functions logged. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** What is done while a function's first commit is about to be sent. */
export type AtCommit = () => Promise<void>

export type World = Awaited<ReturnType<typeof openWorld>>

const BEHIND_MS = 12 * 3_600_000
const MINUTE_MS = 60_000
const PARTITIONS = 4
const RECORDS_AT_ONCE = 10_000
/** Calls of rollup after which nothing may be stale: a round of the backlog takes 24 hours at least. */
const MOST_CALLS = 30

/** Starts it all, on ports that are free and with fresh data; `close` leaves nothing behind. */
export async function openWorld({ lake = 'seaweedfs', onProgress }: WorldOptions) {
  await using closers = new AsyncDisposableStack()
  const dataDir = mkdtempSync(join(tmpdir(), 'tickhouse-others-'))
  closers.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const sandbox = await startSandbox({ dataDir, ports: 'free', lake, onProgress })
  closers.defer(() => sandbox.stop())
  const env = { ...sandbox.env, STAGE: 'local' }

  const clock = { nowMs: Math.floor((Date.now() - BEHIND_MS) / MINUTE_MS) * MINUTE_MS + 30_000 }
  const logged: LogLine[] = []
  const connections = connect(readConfig(env), collect(logged))
  closers.defer(() => connections.close())
  const services: Connections = { ...connections, nowMs: () => clock.nowMs }
  await setUp(services)

  const { cacheDir } = sandbox.settings
  const engines: Engines = openEngines({ env, cacheDir, logDir: dataDir, onProgress })
  closers.defer(() => engines.close())
  const kafka = plainKafka(env.KAFKA_BROKERS)
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  closers.defer(() => producer.disconnect())
  const topics = new CandleTopics(kafka, candleTopics(services.settings))
  closers.defer(() => topics.close())
  const ledger = new Ledger()

  /** Appends to the table what Kafka has above its vector. */
  async function ingest(atCommit?: AtCommit): Promise<void> {
    const { topicLog, settings } = services
    const { vector } = ticksState(await services.catalog.loadTable(TICKS_TABLE))
    const unread: { topic: string; partition: number; records: KafkaRecord[] }[] = []
    for (const [partition, { low, high }] of await topicLog.offsets(settings.ticksTopic)) {
      const from = Math.max(low, nextOffset(vector, partition))
      const records: KafkaRecord[] = []
      for await (const some of topicLog.records(settings.ticksTopic, partition, from, high))
        records.push(...some)
      unread.push({ topic: settings.ticksTopic, partition, records })
    }
    // As events deliver them: some of each partition, and the next of it with the next call.
    let act = atCommit
    do {
      const batches = unread.map(batch => ({ ...batch, records: batch.records.splice(0, RECORDS_AT_ONCE) }))
      const delivered = batches.filter(({ records }) => records.length > 0)
      await withAct(services, act, of => ingestTicks(of, delivered))
      act = undefined
    } while (unread.some(({ records }) => records.length > 0))
    ledger.ingested()
  }

  function rollup(atCommit?: AtCommit): Promise<RollupResult> {
    return withAct(services, atCommit, of => rollupCandles(of, UNBOUNDED))
  }

  /** Rolls up until nothing is stale, and publishes. */
  async function settle(): Promise<void> {
    for (let calls = 0; ; calls++) {
      const { behind, hoursStale } = await rollup()
      if (behind === 0 && hoursStale === 0) break
      if (calls === MOST_CALLS) throw new Error(`after ${calls} calls ${hoursStale} hours are stale`)
    }
    await publish()
  }

  async function publish(): Promise<void> {
    while (!(await publishCandles(services, () => Number.POSITIVE_INFINITY)).complete);
  }

  /** What is not as it must be, once all that was sent is ingested, rolled up and published. */
  async function judge(): Promise<string[]> {
    const ticks = judgeTicks(ledger.table, await readTicks(engines.trino))
    const candles = await readCandles(engines.trino)
    await topics.readOn()
    return [...ticks, ...judgeCandles(ledger.folded(), candles), ...judgeTopics(topics.records, candles)]
  }

  const opened = closers.move()
  return {
    env,
    clock,
    logged,
    services,
    engines,
    ledger,
    topics,
    send: (ticks: readonly TestTick[]) => send(producer, services.settings.ticksTopic, ledger, ticks, clock),
    ingest,
    rollup,
    settle,
    publish,
    judge,
    maintain: () => maintain(services, {}, () => Number.POSITIVE_INFINITY),
    setUp: () => setUp(services),
    /** The command that an operator would run; no hour may be left to be caught up. */
    verify: () => runVerify(env),
    close: () => opened.disposeAsync(),
  }
}

/** Calls a function with services that let `act` happen between its decision and its first commit, or else at its end. */
async function withAct<Result>(
  services: Connections,
  act: AtCommit | undefined,
  call: (services: Connections) => Promise<Result>,
): Promise<Result> {
  if (act === undefined) return call(services)
  let acted: Promise<void> | undefined
  const catalog = new Proxy(services.catalog, {
    get(target, name) {
      const member = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      if (name !== 'commit') return member.bind(target)
      return async (...commit: Parameters<Catalog['commit']>) => {
        acted ??= act()
        await acted
        return target.commit(...commit)
      }
    },
  })
  try {
    return await call({ ...services, catalog })
  } finally {
    acted ??= act()
    await acted
  }
}

async function send(
  producer: Producer,
  topic: string,
  ledger: Ledger,
  ticks: readonly TestTick[],
  { nowMs }: { readonly nowMs: number },
): Promise<void> {
  const messages = ticks.map((tick, i) => ({
    partition: (tick.partition ?? i) % PARTITIONS,
    value: JSON.stringify({ ask: tick.mid, bid: tick.mid, ...tick }),
    // Kafka has it when it says that it is.
    timestamp: String(Math.max(nowMs, Date.parse(`${tick.dateTime.slice(0, 19)}Z`))),
  }))
  const written = await producer.send({ topic, messages })
  const next = new Map(written.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]))
  for (const { partition, value } of messages) {
    const offset = next.get(partition)!
    next.set(partition, offset + 1)
    ledger.sent(value, partition, offset)
  }
}

/** `npm run -s verify -- --json --wait 60` */
async function runVerify(env: Readonly<Record<string, string>>) {
  const args = [join(ROOT, 'bin/verify.ts'), '--json', '--wait', '60']
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code: code as number | null, said: output || errors }
}

function collect(lines: LogLine[]): Log {
  const line =
    (level: LogLine['level']) =>
    (message: string, fields: LogLine['fields'] = {}) =>
      void lines.push({ level, message, fields })
  return { debug: line('debug'), info: line('info'), warn: line('warn') }
}

/** Again and again until it works: another engine may lose a race, as we may. */
export async function persist<Result>(times: number, act: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await act()
    } catch (error) {
      if (tries === times) throw error
      await sleep(200)
    }
  }
}
