import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { GRPC_DISTANCE, SEAWEEDFS_INNER_PORTS } from '../ports.ts'
import { functionEnv, type Ports, type Settings } from '../settings.ts'
import type { ServerDefinition } from './definition.ts'
import { jsonAnswer } from './http.ts'

/** SeaweedFS: object store (S3), Iceberg REST catalog and console in one process. */
export const seaweedfs: ServerDefinition = {
  name: 'seaweedfs',
  title: 'SeaweedFS',
  // It would quietly take other ports for its inner ones when these are taken, and then not find them itself.
  ports: ({ ports }) => [
    { port: ports.s3, name: 's3' },
    { port: ports.s3Console, name: 's3Console' },
    { port: ports.s3Console + GRPC_DISTANCE, name: 's3Console' },
    { port: ports.iceberg, name: 'iceberg' },
    ...Array.from({ length: SEAWEEDFS_INNER_PORTS }, (_, index) => ({
      port: ports.seaweedfsBase + index,
      name: 'seaweedfsBase' as const,
    })),
  ],
  readyWithinMs: 60_000,
  stopWithinMs: 20_000,

  async prepare({ settings, programs }) {
    const dir = join(settings.dataDir, 'seaweedfs')
    await mkdir(dir, { recursive: true })
    const access = functionEnv(settings.ports)
    return {
      file: join(programs.seaweedfs, 'bin', 'weed'),
      args: ['mini', ...options(settings.ports, dir)],
      cwd: dir,
      env: {
        AWS_ACCESS_KEY_ID: access.S3_ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY: access.S3_SECRET_ACCESS_KEY,
      },
    }
  },

  // The table bucket appears up to a second after the ports open: only an answer about its namespaces proves it.
  async check({ ports }) {
    const access = functionEnv(ports)
    const form = {
      grant_type: 'client_credentials',
      client_id: access.ICEBERG_CLIENT_ID,
      client_secret: access.ICEBERG_CLIENT_SECRET,
      scope: access.ICEBERG_SCOPE,
    }
    const body = new URLSearchParams(form)
    const token = (await jsonAnswer(access.ICEBERG_OAUTH2_URI, { method: 'POST', body })) as {
      access_token: string
    }
    const headers = { authorization: `Bearer ${token.access_token}` }
    await jsonAnswer(`${access.ICEBERG_URI}/v1/warehouse/namespaces`, { headers })
    await fetch(access.S3_ENDPOINT, { signal: AbortSignal.timeout(5_000) })
  },

  async tune(settings) {
    for (const job of UNWANTED_JOBS) await switchOff(job, settings)
  },
}

/**
 * Jobs that SeaweedFS would do by itself and must not: Iceberg tables are maintained by whoever writes them, else the
 * snapshots that carry the offsets go; and on one server erasure coding protects nothing, but never gives space back.
 */
const UNWANTED_JOBS = ['iceberg_maintenance', 'erasure_coding']

async function switchOff(job: string, { ports }: Settings): Promise<void> {
  const url = `http://127.0.0.1:${ports.s3Console}/api/plugin/job-types/${job}/config`
  const config = (await jsonAnswer(url)) as { admin_runtime: object }
  const body = JSON.stringify({ ...config, admin_runtime: { ...config.admin_runtime, enabled: false } })
  await jsonAnswer(url, { method: 'PUT', headers: { 'content-type': 'application/json' }, body })
}

/** `weed mini -h` lists them. */
function options(ports: Ports, dir: string): string[] {
  const inner = ports.seaweedfsBase
  const values = {
    dir,
    ip: '127.0.0.1',
    'ip.bind': '127.0.0.1',
    tableBucket: 'warehouse',
    's3.port': ports.s3,
    's3.port.iceberg': ports.iceberg,
    's3.port.lance': 0,
    'admin.port': ports.s3Console,
    'admin.port.grpc': ports.s3Console + GRPC_DISTANCE,
    'master.port': inner,
    'master.port.grpc': inner + 1,
    'volume.port': inner + 2,
    'volume.port.grpc': inner + 3,
    'filer.port': inner + 4,
    'filer.port.grpc': inner + 5,
    's3.port.grpc': inner + 6,
    webdav: false,
    // It reports to its makers unless told not to.
    'master.telemetry': false,
  }
  return Object.entries(values).map(([name, value]) => `-${name}=${value}`)
}
