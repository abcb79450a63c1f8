import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BadSetting } from './errors.ts'

/** The folder of this checkout, without a trailing slash. */
export const ROOT = resolve(fileURLToPath(new URL('..', import.meta.url)))

/** Known to everyone on purpose: they open servers that listen on the loopback interface only. */
const ACCESS_KEY_ID = 'tickhouse'
const SECRET_ACCESS_KEY = 'tickhouse-sandbox-secret'

/** Every port that can be moved: the variable that moves it, where it is otherwise, and whose it is. */
export const PORTS = {
  kafka: { variable: 'KAFKA_PORT', port: 9092, title: 'Kafka' },
  kafkaController: { variable: 'KAFKA_CONTROLLER_PORT', port: 9093, title: "Kafka's controller" },
  s3: { variable: 'S3_PORT', port: 9000, title: 'S3' },
  s3Console: { variable: 'S3_CONSOLE_PORT', port: 9001, title: 'the S3 console' },
  iceberg: { variable: 'ICEBERG_PORT', port: 8181, title: 'the Iceberg catalog' },
  seaweedfsBase: { variable: 'SEAWEEDFS_BASE_PORT', port: 9333, title: "SeaweedFS's inner ports" },
  trino: { variable: 'TRINO_PORT', port: 8090, title: 'Trino' },
  prometheus: { variable: 'PROMETHEUS_PORT', port: 9090, title: 'Prometheus' },
  http: { variable: 'HTTP_PORT', port: 3000, title: 'the HTTP functions' },
  lambda: { variable: 'LAMBDA_PORT', port: 3002, title: 'the local Lambda endpoint' },
} as const

export type PortName = keyof typeof PORTS

/** One port number (1–65535) per name of `PORTS`. */
export type Ports = Record<PortName, number>

/** What object store and catalog there can be: SeaweedFS is both, MinIO has Iceberg's REST fixture beside it, as in compose.yaml. */
export const LAKES = ['seaweedfs', 'minio'] as const
export type Lake = (typeof LAKES)[number]

/** Where a sandbox keeps its data and its programs, and where it listens (127.0.0.1 only). */
export interface Settings {
  dataDir: string
  cacheDir: string
  ports: Ports
  lake: Lake
  trinoHeapMb: number
}

/** Reads the sandbox's settings from the environment; a malformed one throws `BadSetting` by its name. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const names = Object.keys(PORTS) as PortName[]
  const ports = names.map(name => [name, readInteger(env, PORTS[name].variable, PORTS[name].port, 1, 65_535)])
  return {
    dataDir: resolve(env.TICKHOUSE_DATA || join(ROOT, '.tickhouse')),
    cacheDir: resolve(
      env.TICKHOUSE_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tickhouse'),
    ),
    ports: Object.fromEntries(ports) as Ports,
    lake: readLake(env.TICKHOUSE_LAKE?.trim() || 'seaweedfs'),
    trinoHeapMb: readInteger(env, 'TRINO_HEAP_MB', 1536, 512, 65_536),
  }
}

function readLake(text: string): Lake {
  const lake = LAKES.find(name => name === text)
  if (lake === undefined) throw new BadSetting('TICKHOUSE_LAKE', text, `one of ${LAKES.join(', ')}`)
  return lake
}

function readInteger(
  env: NodeJS.ProcessEnv,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const text = env[name]?.trim()
  if (!text) return fallback
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw new BadSetting(name, text, `a whole number from ${min} to ${max}`)
  return value
}

/** The variables that point the functions, and whatever else reads them, at the sandbox on these ports. */
export function functionEnv(ports: Ports) {
  const iceberg = `http://127.0.0.1:${ports.iceberg}`
  return {
    KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`,
    S3_ENDPOINT: `http://127.0.0.1:${ports.s3}`,
    S3_REGION: 'us-east-1',
    S3_ACCESS_KEY_ID: ACCESS_KEY_ID,
    S3_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
    S3_PATH_STYLE: 'true',
    ICEBERG_URI: iceberg,
    ICEBERG_WAREHOUSE: 's3://warehouse',
    ICEBERG_AUTH: 'oauth2',
    ICEBERG_CLIENT_ID: ACCESS_KEY_ID,
    ICEBERG_CLIENT_SECRET: SECRET_ACCESS_KEY,
    ICEBERG_OAUTH2_URI: `${iceberg}/v1/oauth/tokens`,
    ICEBERG_SCOPE: 'catalog',
    TRINO_URL: `http://127.0.0.1:${ports.trino}`,
    TRINO_USER: 'tickhouse',
    TRINO_CATALOG: 'lake',
    LAMBDA_ENDPOINT: `http://127.0.0.1:${ports.lambda}`,
    HTTP_PORT: String(ports.http),
    LAMBDA_PORT: String(ports.lambda),
  }
}
