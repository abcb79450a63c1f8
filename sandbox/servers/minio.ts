import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { BucketAlreadyOwnedByYou, CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { functionEnv, type Ports, type Settings } from '../settings.ts'
import type { ServerDefinition } from './definition.ts'
import { answer } from './http.ts'

/** MinIO: the object store of compose.yaml. */
export const minio: ServerDefinition = {
  name: 'minio',
  title: 'MinIO',
  ports: ({ ports }) => [
    { port: ports.s3, name: 's3' },
    { port: ports.s3Console, name: 's3Console' },
  ],
  readyWithinMs: 60_000,
  stopWithinMs: 20_000,

  async prepare({ settings: { dataDir, ports }, programs }) {
    const dir = join(dataDir, 'minio')
    await mkdir(dir, { recursive: true })
    return {
      file: join(programs.minio, 'bin', 'minio'),
      args: [
        ...['server', dir, '--address', `127.0.0.1:${ports.s3}`],
        ...['--console-address', `127.0.0.1:${ports.s3Console}`],
      ],
      cwd: dir,
      env: minioEnv(ports),
    }
  },

  async check({ ports }) {
    await answer(`${functionEnv(ports).S3_ENDPOINT}/minio/health/ready`)
  },

  tune: makeBucket,
}

/** What compose.yaml gives it, and that it is not to ask anybody for a newer version of itself. */
export function minioEnv(ports: Ports): Record<string, string> {
  const access = functionEnv(ports)
  return {
    MINIO_ROOT_USER: access.S3_ACCESS_KEY_ID,
    MINIO_ROOT_PASSWORD: access.S3_SECRET_ACCESS_KEY,
    MINIO_SITE_REGION: access.S3_REGION,
    MINIO_UPDATE: 'off',
  }
}

/** That of the warehouse, unless it is there. */
async function makeBucket({ ports }: Settings): Promise<void> {
  const access = functionEnv(ports)
  const client = new S3Client({
    endpoint: access.S3_ENDPOINT,
    region: access.S3_REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: access.S3_ACCESS_KEY_ID, secretAccessKey: access.S3_SECRET_ACCESS_KEY },
  })
  try {
    await client.send(new CreateBucketCommand({ Bucket: access.ICEBERG_WAREHOUSE.slice('s3://'.length) }))
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error
  } finally {
    client.destroy()
  }
}
