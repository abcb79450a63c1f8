import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kafka } from 'kafkajs'
import { readConfig } from '../../../lib/lambda/config.ts'
import { type Connections, connect } from '../../../lib/lambda/connect.ts'
import { warningsOnly } from '../../../lib/lambda/log.ts'
import { setUp } from '../../../lib/setup/setUp.ts'
import { TrinoQuery } from '../../../lib/trino/client.ts'
import { runCommand } from '../../../sandbox/processes/command.ts'
import { ROOT } from '../../../sandbox/settings.ts'
import { type Sandbox, startSandbox } from '../../../sandbox/startSandbox.ts'
import { LogCopy } from '../oracle/log.ts'
import { Oracle } from '../oracle/oracle.ts'
import { TableReader } from '../oracle/table.ts'
import type { Random } from '../random.ts'
import { Host } from './host.ts'
import { plainKafka } from './kafka.ts'
import { FaultProxy } from './proxy.ts'
import { Samples } from './samples.ts'
import { Sender } from './sender.ts'
import { TableStateReader } from './tableState.ts'

/** Real servers, a function host that reaches catalog and store through proxies, and those who send and judge. */
export interface World {
  readonly random: Random
  readonly kafka: Kafka
  readonly servers: Sandbox['servers']
  readonly catalogProxy: FaultProxy
  readonly storeProxy: FaultProxy
  readonly host: Host
  readonly sender: Sender
  readonly state: TableStateReader
  readonly trino: TrinoQuery
  readonly oracle: Oracle
  /** The project's own adapters, past the proxies. */
  readonly services: Connections
  /** More ingesters, each with connections and a memory of its own. */
  readonly rivals: readonly Connections[]
  /** Runs the command that an operator would: `npm run offsets -- …`. */
  offsets(command: 'rewind' | 'new-epoch'): Promise<void>
  close(): Promise<void>
}

/** Starts it all, on ports that are free and with fresh data; `close` leaves nothing behind. `signal` calls it off. */
export async function openWorld(
  random: Random,
  onProgress: (line: string) => void,
  signal = new AbortController().signal,
): Promise<World> {
  await using closers = new AsyncDisposableStack()
  const dataDir = mkdtempSync(join(tmpdir(), 'tickhouse-faults-'))
  closers.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const sandbox = await startSandbox({ dataDir, ports: 'free', onProgress })
  closers.defer(() => sandbox.stop())
  const { env, settings, servers } = sandbox

  const open = () => {
    const connections = connect(readConfig({ ...env, STAGE: 'local' }), SILENT)
    closers.defer(() => connections.close())
    return connections
  }
  const services = open()
  const rivals = Array.from({ length: RIVALS }, open)
  await setUp(services)

  const catalogProxy = await FaultProxy.start(env.ICEBERG_URI!)
  const storeProxy = await FaultProxy.start(env.S3_ENDPOINT!)
  closers.defer(() => catalogProxy.stop())
  closers.defer(() => storeProxy.stop())
  const host = new Host(settings, { catalog: catalogProxy.port, store: storeProxy.port }, signal)
  closers.defer(() => host.stop())
  await host.start()

  const { ticksTopic: ticks, deadLetterTopic: deadLetters } = services.settings
  const kafka = plainKafka(env.KAFKA_BROKERS!)
  const sender = new Sender(kafka, ticks, new Samples(random), random)
  closers.defer(() => sender.close())
  const state = new TableStateReader(env)
  const trino = new TrinoQuery({ url: env.TRINO_URL!, user: 'faults', timeoutMs: 120_000 })
  const oracle = new Oracle(new LogCopy(kafka, { ticks, deadLetters }), new TableReader(trino), state)
  const parts = {
    random,
    kafka,
    servers,
    catalogProxy,
    storeProxy,
    host,
    sender,
    state,
    trino,
    oracle,
    services,
    rivals,
  }
  const opened = closers.move()
  return {
    ...parts,
    offsets: async command => {
      const signal = AbortSignal.timeout(COMMAND_WITHIN_MS)
      const options = { cwd: ROOT, env: { ...process.env, ...env }, signal }
      await runCommand(process.execPath, ['bin/offsets.ts', command], options)
    },
    close: () => opened.disposeAsync(),
  }
}

const RIVALS = 4
const COMMAND_WITHIN_MS = 180_000
const SILENT = warningsOnly(() => undefined)
