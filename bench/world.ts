import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../lib/lambda/config.ts'
import { type Connections, connect } from '../lib/lambda/connect.ts'
import { warningsOnly } from '../lib/lambda/log.ts'
import { setUp } from '../lib/setup/setUp.ts'
import type { ServerName } from '../sandbox/servers/definition.ts'
import { type Sandbox, startSandbox } from '../sandbox/startSandbox.ts'
import type { BenchRun } from './benches.ts'

/** Servers with fresh data, and the project's own adapters on them. */
export interface BenchWorld {
  readonly sandbox: Sandbox
  readonly services: Connections
}

/** Servers of a bench's own, with topics and empty tables; they end with it. */
export async function openWorld({ onEnd, progress }: BenchRun, servers: ServerName[]): Promise<BenchWorld> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tickhouse-bench-'))
  onEnd.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const sandbox = await startSandbox({ dataDir, ports: 'free', servers, onProgress: progress })
  onEnd.defer(() => sandbox.stop())
  const services = openServices({ sandbox }, { onEnd, progress })
  await setUp(services)
  return { sandbox, services }
}

/** The project's own adapters once more, with connections of their own: what they send waits for nobody else's. */
export function openServices(
  { sandbox }: Pick<BenchWorld, 'sandbox'>,
  { onEnd, progress }: Pick<BenchRun, 'onEnd' | 'progress'>,
): Connections {
  const services = connect(readConfig({ ...sandbox.env, STAGE: 'local' }), warningsOnly(progress))
  onEnd.defer(() => services.close())
  return services
}

/** Empty tables beside topics that stay as they are: the store begins anew, on an empty folder. */
export async function emptyTables({ sandbox, services }: BenchWorld): Promise<void> {
  const { seaweedfs } = sandbox.servers
  await seaweedfs.stop()
  rmSync(join(sandbox.settings.dataDir, 'seaweedfs'), { recursive: true })
  await seaweedfs.start()
  await setUp(services)
}
