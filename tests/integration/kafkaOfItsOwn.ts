import { mkdtempSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kafka } from 'kafkajs'
import { kafkaClient } from '../../lib/kafka/client.ts'
import { installArtefacts } from '../../sandbox/artefacts/install.ts'
import { kafka } from '../../sandbox/servers/kafka.ts'
import { Server } from '../../sandbox/servers/server.ts'
import { startSandbox } from '../../sandbox/startSandbox.ts'

/** A broker beside the tests' own servers. */
export interface OwnKafka {
  readonly kafka: Kafka
  /** Stops it in good order, does something to the files of its logs, and starts it again. */
  restart(meanwhile: (logDir: string) => Promise<void>): Promise<void>
  /** Ends it and removes its data. */
  remove(): Promise<void>
}

/** Starts a broker with other settings than the sandbox's. */
export async function startKafka(config: Readonly<Record<string, number>>): Promise<OwnKafka> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tickhouse-kafka-'))
  const sandbox = await startSandbox({ dataDir, ports: 'free', servers: [] })
  const terminal = { say: () => {}, show: () => {} }
  const { settings } = sandbox
  const definition: typeof kafka = {
    ...kafka,
    async prepare(world) {
      const command = await kafka.prepare(world)
      const lines = Object.entries(config).map(([name, value]) => `${name}=${value}\n`)
      await appendFile(join(dataDir, 'kafka', 'server.properties'), lines.join(''))
      return command
    },
  }
  const programs = await installArtefacts(settings.cacheDir, { terminal })
  const server = new Server(definition, settings)
  const start = () => server.start({ settings, programs }, { startedBy: 'test', terminal })
  await start()
  const brokers = [`127.0.0.1:${settings.ports.kafka}`]
  const client = kafkaClient({ brokers, clientId: 'tickhouse-tests', auth: undefined, tls: false }, () => {})
  return {
    kafka: client,
    async restart(meanwhile) {
      await server.stop()
      await meanwhile(join(dataDir, 'kafka', 'log'))
      await start()
    },
    remove: () => sandbox.remove(),
  }
}
