import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { installArtefacts } from '../../sandbox/artefacts/install.ts'
import { serversOf } from '../../sandbox/sandbox.ts'
import { functionEnv, type Settings } from '../../sandbox/settings.ts'
import { until } from './sandbox.ts'

/** Starts a sandbox beside that of the other tests, says its settings as a line of JSON, and waits. */
const STARTER = new URL('startAndWait.ts', import.meta.url).pathname
const MOST_MEMORY_BYTES = 4e9

const dataDir = mkdtempSync(join(tmpdir(), 'tickhouse-lifecycle-'))
let starter: ChildProcess
let settings: Settings

beforeAll(async () => {
  starter = spawn(process.execPath, [STARTER, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface(starter.stdout!), 'line')
  settings = JSON.parse(line)
}, 600_000)

afterAll(async () => {
  starter.kill('SIGKILL')
  for (const server of serversOf(settings)) await server.kill()
  rmSync(dataDir, { recursive: true, force: true })
})

describe('a second sandbox', () => {
  test('runs beside the first on ports of its own, in less than 4 GB', async () => {
    const servers = serversOf(settings).filter(({ isOptional }) => !isOptional)
    const health = () => Promise.all(servers.map(server => server.isHealthy()))
    await expect.poll(health).toEqual([true, true, true])
    expect(functionEnv(settings.ports).KAFKA_BROKERS).not.toBe(inject('sandboxEnv').KAFKA_BROKERS)
    const memory = servers.map(server => server.residentBytes)
    expect(memory.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(MOST_MEMORY_BYTES)
  })

  test('has its acknowledged record again after Kafka was killed and started', async () => {
    const kafka = new kafkajs.Kafka({
      brokers: [`127.0.0.1:${settings.ports.kafka}`],
      logLevel: kafkajs.logLevel.NOTHING,
    })
    await createTopicAndSend(kafka)
    const server = serversOf(settings).find(({ name }) => name === 'kafka')!
    const pid = server.pid
    await server.kill()
    const silent = { say: () => undefined, show: () => undefined }
    const programs = await installArtefacts(settings.cacheDir, { terminal: silent })
    await server.start({ settings, programs }, { startedBy: 'test', terminal: silent })
    expect(server.pid).not.toBe(pid)
    await expect.poll(() => highWatermark(kafka)).toBe('1')
  })

  test('ends by itself after a SIGKILL of the process that started it', async () => {
    starter.kill('SIGKILL')
    const areDown = () => serversOf(settings).every(server => server.pid === undefined)
    await until('all three servers are down', areDown)
  })
})

async function createTopicAndSend(kafka: kafkajs.Kafka): Promise<void> {
  const admin = kafka.admin()
  const producer = kafka.producer()
  await Promise.all([admin.connect(), producer.connect()])
  await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }], waitForLeaders: true })
  await producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'one' }] })
  await Promise.all([admin.disconnect(), producer.disconnect()])
}

async function highWatermark(kafka: kafkajs.Kafka): Promise<string | undefined> {
  const admin = kafka.admin()
  await admin.connect()
  const [partition] = await admin.fetchTopicOffsets('kept')
  await admin.disconnect()
  return partition?.high
}
