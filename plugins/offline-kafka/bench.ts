import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import kafkajs, { type Kafka } from 'kafkajs'

/*
 * What the event source costs by itself: records of 238 bytes in 4 partitions, to a function that does nothing, through
 * a real `sls offline start`. Prints one line of JSON.
 *
 *   KAFKA_BROKERS=127.0.0.1:9092 node plugins/offline-kafka/bench.ts [--records 2000000] [--topic NAME]
 *
 * A topic that holds that many records is read again; one that does not exist is filled.
 */
const VALUE_BYTES = 238
const PARTITIONS = 4
/** Of one request: kafkajs groups the records of a request in quadratic time. */
const REQUEST_RECORDS = 2_000
const TICKS_PER_SECOND = 100
const DEADLINE_MS = 600_000

const { values: options } = parseArgs({
  options: { records: { type: 'string', default: '2000000' }, topic: { type: 'string' } },
})
const records = Number(options.records)
const topic = options.topic ?? `bench-${records}`
const groupId = `bench-${Date.now()}`
const brokers = (process.env.KAFKA_BROKERS ?? '127.0.0.1:9092').split(',')

const kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING })
const admin = kafka.admin()
await admin.connect()
try {
  await fill(kafka)
  console.log(JSON.stringify(await measure()))
} finally {
  await admin.disconnect()
}

/** Brings the topic to the wanted number of records. */
async function fill(client: Kafka): Promise<void> {
  if (!(await admin.listTopics()).includes(topic)) {
    await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true })
  }
  const offsets = await admin.fetchTopicOffsets(topic)
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  for (let sent = offsets.reduce((sum, { high }) => sum + Number(high), 0); sent < records; ) {
    const messages = Array.from({ length: Math.min(REQUEST_RECORDS, records - sent) }, (_, i) => ({
      partition: Math.floor(sent / REQUEST_RECORDS) % PARTITIONS,
      key: `key-${i % 20}`,
      value: `{"number":${sent + i},"text":"`.padEnd(VALUE_BYTES - 2, 'x').concat('"}'),
    }))
    await producer.send({ topic, messages })
    sent += messages.length
  }
  await producer.disconnect()
}

async function measure() {
  const startedMs = performance.now()
  const child = startOffline()
  const joined = await until(child, 'it has joined', () =>
    child.log.includes(' reads ') ? usageOf(child.pid) : undefined,
  )
  const joinedMs = performance.now()
  await until(child, 'all is committed', async () => ((await committed()) >= records ? true : undefined))
  const endedMs = performance.now()
  const { cpuS, peakMb } = usageOf(child.pid)
  child.process.kill('SIGTERM')
  await once(child.process, 'exit')
  return {
    records,
    start_cpu_s: rounded(joined.cpuS),
    start_peak_rss_mb: joined.peakMb,
    cpu_s_per_million: rounded((cpuS / records) * 1e6),
    cpu_s_per_million_after_start: rounded(((cpuS - joined.cpuS) / records) * 1e6),
    records_per_s: Math.round(records / ((endedMs - startedMs) / 1000)),
    records_per_s_after_start: Math.round(records / ((endedMs - joinedMs) / 1000)),
    peak_rss_mb: peakMb,
  }
}

interface Offline {
  process: ChildProcess
  pid: number
  log: string
}

function startOffline(): Offline {
  const kafkaEvent = {
    accessConfigurations: { saslPlainAuth: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:unused' },
    bootstrapServers: brokers,
    topic,
    consumerGroupId: groupId,
    batchSize: 10_000,
    maximumBatchingWindow: 1,
  }
  const functions = { sink: { handler: 'handler.ignore', timeout: 60, kafka: [kafkaEvent] } }
  const sls = fileURLToPath(new URL('../../node_modules/serverless/bin/serverless.js', import.meta.url))
  const started = spawn(
    process.execPath,
    [sls, 'offline', 'start', '--httpPort', '20191', '--lambdaPort', '20192'],
    {
      cwd: fileURLToPath(new URL('./tests/fixture', import.meta.url)),
      env: { ...process.env, FIXTURE: JSON.stringify({ functions, settings: { concurrency: 1 } }) },
    },
  )
  const offline = { process: started, pid: started.pid!, log: '' }
  for (const stream of [started.stdout, started.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      offline.log = (offline.log + chunk).slice(-20_000)
    })
  }
  return offline
}

async function committed(): Promise<number> {
  const [group] = await admin.fetchOffsets({ groupId, topics: [topic] })
  return group!.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
}

async function until<T>(
  { process: child, log }: Offline,
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  for (const endMs = Date.now() + DEADLINE_MS; Date.now() < endMs; await sleep(100)) {
    if (child.exitCode !== null) throw new Error(`sls offline ended before ${what}:\n${log}`)
    const found = await check()
    if (found !== undefined) return found
  }
  child.kill('SIGKILL')
  throw new Error(`Not within ${DEADLINE_MS} ms: ${what}`)
}

/** CPU time and highest resident memory of a process so far: proc(5). */
function usageOf(pid: number) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const [userTicks, systemTicks] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  const peakKb = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]
  return {
    cpuS: (Number(userTicks) + Number(systemTicks)) / TICKS_PER_SECOND,
    peakMb: Math.round(Number(peakKb) / 1000),
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
