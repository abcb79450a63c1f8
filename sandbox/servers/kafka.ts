import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { silenceNegativeTimeouts } from '../../plugins/offline-kafka/kafkajs/warnings.ts'
import { runCommand } from '../processes/command.ts'
import type { Settings } from '../settings.ts'
import type { ServerDefinition, World } from './definition.ts'
import { jarsIn, javaIn } from './java.ts'

/** Kafka in KRaft mode: broker and controller in one process. */
export const kafka: ServerDefinition = {
  name: 'kafka',
  title: 'Kafka',
  ports: ({ ports }) => [
    { port: ports.kafka, name: 'kafka' },
    { port: ports.kafkaController, name: 'kafkaController' },
  ],
  readyWithinMs: 90_000,
  stopWithinMs: 30_000,

  async prepare({ settings, programs }) {
    const dir = join(settings.dataDir, 'kafka')
    await mkdir(dir, { recursive: true })
    await writeFile(join(dir, 'server.properties'), serverProperties(settings, dir))
    await writeFile(join(dir, 'log4j2.properties'), LOG4J2)
    await formatOnce(dir, programs)
    const options = ['-Xms128m', '-Xmx512m', '-XX:+UseG1GC', '-XX:+ExitOnOutOfMemoryError']
    return {
      file: javaIn(programs),
      args: [...options, ...classPath(dir, programs), 'kafka.Kafka', join(dir, 'server.properties')],
      cwd: dir,
      env: {},
    }
  },

  async check({ ports }) {
    silenceNegativeTimeouts()
    const client = new Kafka({
      clientId: 'sandbox',
      brokers: [`127.0.0.1:${ports.kafka}`],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 2_000,
      // Fewer and kafkajs never gets to ask a second time for a coordinator that is still loading.
      retry: { initialRetryTime: 100, retries: 4 },
    })
    const admin = client.admin()
    try {
      await admin.connect()
      // Both coordinators load their partitions after the port opens; until then they refuse consumers and producers.
      await admin.fetchOffsets({ groupId: 'sandbox-check' })
      await openTransaction(client)
    } finally {
      await admin.disconnect()
    }
  },
}

async function openTransaction(client: Kafka): Promise<void> {
  const producer = client.producer({
    transactionalId: 'sandbox-check',
    idempotent: true,
    maxInFlightRequests: 1,
  })
  try {
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.abort()
  } finally {
    await producer.disconnect()
  }
}

/** https://kafka.apache.org/42/configuration/broker-configs/ */
function serverProperties({ ports }: Settings, dir: string): string {
  return properties({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${ports.kafkaController}`,
    listeners: `PLAINTEXT://127.0.0.1:${ports.kafka},CONTROLLER://127.0.0.1:${ports.kafkaController}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${ports.kafka}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(dir, 'log'),
    'auto.create.topics.enable': false,
    // One broker: nothing can be replicated, and a consumer need not wait for others to join.
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // 50 partitions each by default, which take seconds to load on a small machine.
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
    // A consumer killed on this machine should be replaced in seconds.
    'group.min.session.timeout.ms': 1000,
  })
}

function properties(values: Record<string, string | number | boolean>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/** To standard output, which the sandbox keeps in a file; one line per request or loaded index is too much. */
const LOG4J2 = properties({
  'appender.out.type': 'Console',
  'appender.out.name': 'out',
  'appender.out.layout.type': 'PatternLayout',
  'appender.out.layout.pattern': '%d{ISO8601} %p %m (%c)%n',
  'rootLogger.level': 'WARN',
  'rootLogger.appenderRef.out.ref': 'out',
  'logger.server.name': 'kafka.server',
  'logger.server.level': 'INFO',
})

/** Gives a new data folder its cluster id. One whose formatting was cut off holds nothing yet and begins again. */
async function formatOnce(dir: string, programs: World['programs']): Promise<void> {
  const done = join(dir, '.formatted')
  if (existsSync(done)) return
  await rm(join(dir, 'log'), { recursive: true, force: true })
  const clusterId = Buffer.from(randomUUID().replaceAll('-', ''), 'hex')
    .toString('base64url')
    .replace(/^-/, 'A')
  const tool = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', join(dir, 'server.properties')]
  await runCommand(javaIn(programs), [...classPath(dir, programs), ...tool])
  await writeFile(done, `${clusterId}\n`)
}

function classPath(dir: string, programs: World['programs']): string[] {
  return [`-Dlog4j2.configurationFile=${join(dir, 'log4j2.properties')}`, '-cp', jarsIn(programs.kafka)]
}
