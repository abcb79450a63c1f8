import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../lib/lambda/config.ts'
import { type Connections, connect } from '../../lib/lambda/connect.ts'
import { warningsOnly } from '../../lib/lambda/log.ts'
import { setUp } from '../../lib/setup/setUp.ts'
import { type Sandbox, startSandbox } from '../../sandbox/startSandbox.ts'

/** Kafka and SeaweedFS with topics and tables, all of them new. */
export interface PublishWorld {
  readonly sandbox: Sandbox
  readonly services: Connections
  /** Ends the servers and removes their data. */
  close(): Promise<void>
}

/** Starts servers of its own, on free ports, without Trino: publishing needs none. */
export async function openPublishWorld(onProgress: (line: string) => void): Promise<PublishWorld> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tickhouse-publish-'))
  const sandbox = await startSandbox({ dataDir, ports: 'free', servers: ['kafka', 'seaweedfs'], onProgress })
  const services = connect(readConfig({ ...sandbox.env, STAGE: 'local' }), warningsOnly(onProgress))
  const close = async () => {
    await services.close()
    await sandbox.remove()
  }
  try {
    await setUp(services)
  } catch (error) {
    await close()
    throw error
  }
  return { sandbox, services, close }
}

/** The brokers' addresses, for clients that are nothing of ours. */
export function brokersOf({ sandbox }: PublishWorld): string[] {
  return sandbox.env.KAFKA_BROKERS!.split(',')
}
