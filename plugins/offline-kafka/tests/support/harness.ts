import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import kafkajs, { type Message } from 'kafkajs'
import { afterEach, inject } from 'vitest'
import type { KafkaEvent } from '../../records/event.ts'

export const FIXTURE = fileURLToPath(new URL('../fixture', import.meta.url))
export const SLS = fileURLToPath(
  new URL('../../../../node_modules/serverless/bin/serverless.js', import.meta.url),
)

/** The broker under test: the sandbox's, or the one that KAFKA_BROKERS names. */
export const brokers = (): string => {
  const sandbox = inject('sandboxEnv' as never) as Record<string, string> | undefined
  const named = sandbox?.KAFKA_BROKERS ?? process.env.KAFKA_BROKERS
  if (named === undefined)
    throw new Error('No Kafka to test against: set KAFKA_BROKERS, for example 127.0.0.1:9092')
  return named
}

/** One invocation as the fixture's handler wrote it down. */
export interface Call {
  ms: number
  call: string
  function: string
  /** How many invocations the same load of the handler's module had before. */
  warm: number
  context: Record<string, unknown> & { remainingMs: number }
  env: Record<string, string | undefined>
  envelope: Omit<KafkaEvent, 'records'>
  lists: string[]
  records: {
    partition: number
    offset: number
    timestamp: number
    timestampType: string
    key?: string
    text?: string
    headers: Record<string, number[]>[]
  }[]
  /** When it answered, if it did. */
  doneMs?: number
}

export interface FixtureFunction {
  handler?: string
  timeout?: number
  memorySize?: number
  environment?: Record<string, string>
  kafka: Record<string, unknown>[]
}

/** How an `sls offline` is started, beside its functions. */
export interface OfflineOptions {
  /** `custom.offline-kafka`. */
  settings?: Record<string, unknown>
  /** Lets a second process go on in the trace of a first one. */
  traceFile?: string
  /** Ends with the test file, not with the test. */
  isShared?: boolean
}

/** A name that no other test uses. */
export const unique = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`

/** A `kafka:` event as osls wants it, on the broker under test. */
export const kafkaEvent = (
  topic: string,
  options: Record<string, unknown> = {},
): Record<string, unknown> => ({
  accessConfigurations: { saslPlainAuth: ['arn:aws:secretsmanager:us-east-1:123456789012:secret:unused'] },
  bootstrapServers: brokers().split(','),
  topic,
  consumerGroupId: `${topic}-group`,
  ...options,
})

const kafka = () => new kafkajs.Kafka({ brokers: brokers().split(','), logLevel: kafkajs.logLevel.NOTHING })

export async function withAdmin<T>(use: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const admin = kafka().admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

/** `config`: settings of the topic's own. */
export const createTopic = (
  topic: string,
  numPartitions = 1,
  config: Record<string, string> = {},
): Promise<boolean> =>
  withAdmin(admin => {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    return admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: true })
  })

async function withProducer(
  use: (producer: kafkajs.Producer) => Promise<unknown>,
  config: kafkajs.ProducerConfig = {},
): Promise<void> {
  const { DefaultPartitioner } = kafkajs.Partitioners
  const producer = kafka().producer({ createPartitioner: DefaultPartitioner, ...config })
  await producer.connect()
  try {
    await use(producer)
  } finally {
    await producer.disconnect()
  }
}

/** Sends in one request; each message is one compressed batch's part when a codec is named. */
export const send = (topic: string, messages: Message[], compression = 0): Promise<void> =>
  withProducer(producer => producer.send({ topic, messages, compression, acks: -1 }))

/** Sends texts to partition 0 in one transaction, which is then committed or aborted. */
export const sendInTransaction = (topic: string, texts: string[], end: 'commit' | 'abort'): Promise<void> =>
  withProducer(
    async producer => {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: texts.map(value => ({ partition: 0, value })) })
      await transaction[end]()
    },
    { transactionalId: unique('transaction'), maxInFlightRequests: 1, idempotent: true },
  )

/** Sends texts to partition 0, each in a request of its own, one right after the other. */
export const sendOneByOne = (topic: string, ...texts: string[]): Promise<void> =>
  withProducer(async producer => {
    for (const value of texts) await producer.send({ topic, messages: [{ partition: 0, value }] })
  })

/** Sends JSON commands to the fixture's handler, or plain text, to partition 0. */
export const sendTexts = (topic: string, ...texts: (string | object)[]): Promise<void> =>
  send(
    topic,
    texts.map(text => ({ partition: 0, value: typeof text === 'string' ? text : JSON.stringify(text) })),
  )

/** Committed offset of each partition, -1 where there is none. */
export async function committed(topic: string, groupId = `${topic}-group`): Promise<number[]> {
  const [group] = await withAdmin(admin => admin.fetchOffsets({ groupId, topics: [topic] }))
  const partitions = [...(group?.partitions ?? [])].sort((a, b) => a.partition - b.partition)
  return partitions.map(({ offset }) => Number(offset))
}

/** Polls until `check` gives something other than undefined or false. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs = 180_000,
): Promise<T> {
  const endMs = Date.now() + deadlineMs
  while (Date.now() < endMs) {
    const found = await check()
    if (found !== undefined && found !== false) return found
    await sleep(50)
  }
  throw new Error(`Not within ${deadlineMs} ms: ${what}`)
}

/** A real `sls offline start` on the fixture service. */
export class Offline {
  readonly #child: ChildProcess
  readonly #traceFile: string
  readonly #exited: Promise<number | null>
  readonly #calls = new Map<string, Call>()
  #readBytes = 0
  log = ''

  private constructor(child: ChildProcess, traceFile: string) {
    this.#child = child
    this.#traceFile = traceFile
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.log += chunk.toString()
      })
    }
    this.#exited = new Promise(resolve => child.once('exit', resolve))
  }

  /** Spawns it. */
  static async start(
    functions: Record<string, FixtureFunction>,
    { settings, traceFile = newTraceFile(), isShared = false }: OfflineOptions = {},
  ): Promise<Offline> {
    const [http, lambda] = await freePorts(2)
    const ports = ['--httpPort', String(http), '--lambdaPort', String(lambda)]
    const child = spawn(process.execPath, [SLS, 'offline', 'start', ...ports], {
      cwd: FIXTURE,
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        TRACE_FILE: traceFile,
        FIXTURE: JSON.stringify({
          functions,
          settings: { retryMinDelayMs: 200, ...(isShared && STEADY), ...settings },
        }),
      },
    })
    const offline = new Offline(child, traceFile)
    if (!isShared) running.add(offline)
    return offline
  }

  get traceFile(): string {
    return this.#traceFile
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Waits until `count` events have joined their groups. */
  async joined(count = 1): Promise<void> {
    const groups = () => this.log.match(/ as group \S+, partitions: \d/g) ?? []
    await this.until(`${count} subscriptions joined`, () => new Set(groups()).size >= count)
  }

  /** Waits until the log has this. */
  async says(what: string | RegExp): Promise<void> {
    const isThere = () => (typeof what === 'string' ? this.log.includes(what) : what.test(this.log))
    await this.until(`the log says ${what}`, isThere)
  }

  /** Polls until `check` holds; fails at once when the process ends by itself, and shows its log. */
  async until(what: string, check: () => boolean): Promise<void> {
    const holds = await until(what, () => check() || (this.isRunning ? false : 'ended')).catch(error => error)
    if (holds !== true) throw new Error(`Not seen: ${what} (${holds})\n${this.log.slice(-4000)}`)
  }

  /** As the trace tells by now; a line that is written only half is left for the next look. */
  calls(): Call[] {
    if (!existsSync(this.#traceFile)) return []
    const unread = readFileSync(this.#traceFile).subarray(this.#readBytes)
    const whole = unread.subarray(0, unread.lastIndexOf('\n') + 1)
    this.#readBytes += whole.length
    for (const text of whole.toString().split('\n').slice(0, -1)) {
      const line: Call & { done?: true } = JSON.parse(text)
      if (line.done) this.#calls.get(line.call)!.doneMs = line.ms
      else this.#calls.set(line.call, line)
    }
    return [...this.#calls.values()]
  }

  /** Invocations with records of one topic. */
  callsOf(topic: string): Call[] {
    return this.calls().filter(({ lists }) => lists.some(list => list.startsWith(`${topic}-`)))
  }

  /** Texts of a topic's records, in the order in which the function got them. */
  texts(topic: string): (string | undefined)[] {
    return this.callsOf(topic).flatMap(({ records }) => records.map(({ text }) => text))
  }

  /** Waits until `check` holds for the invocations with records of a topic; gives them. */
  async callsUntil(topic: string, what: string, check: (calls: Call[]) => boolean): Promise<Call[]> {
    await this.until(what, () => check(this.callsOf(topic)))
    return this.callsOf(topic)
  }

  /** Waits until a function has done its work for the `count`th time on a topic; gives the invocations. */
  async done(topic: string, count = 1): Promise<Call[]> {
    const isDone = ({ doneMs }: Call) => doneMs !== undefined
    return this.callsUntil(topic, `${count} done`, calls => calls.filter(isDone).length >= count)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Sends a signal and waits for the end; gives the exit code. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    running.delete(this)
    this.#child.kill(signal)
    return this.#exited
  }
}

const newTraceFile = () => join(mkdtempSync(join(tmpdir(), 'offline-kafka-')), 'trace.jsonl')

/** One that counts invocations must not be expelled from its group, and given them again, because the machine is busy. */
const STEADY = { sessionTimeoutMs: 20_000 }

const running = new Set<Offline>()

afterEach(async () => {
  await Promise.all([...running].map(offline => offline.end('SIGKILL')))
})

/** All open at once: so no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map(server => once(server, 'listening')))
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(server => once(server.close(), 'close')))
  return ports
}
