import { z } from 'zod'
import { TickhouseError } from '../errors.ts'
import type { RestCatalogOptions } from '../iceberg/restCatalog.ts'
import type { S3StoreOptions } from '../iceberg/s3Store.ts'
import type { KafkaSettings } from '../kafka/client.ts'
import { MOMENT } from '../requests/request.ts'
import type { Settings } from '../services.ts'
import type { TrinoSettings } from '../trino/client.ts'
import type { PublishTarget } from './publishStarter.ts'

/** What holds at stage `local` where the environment says nothing: the sandbox. Other stages have no such defaults. */
const SANDBOX: Readonly<Record<string, string>> = {
  KAFKA_BROKERS: '127.0.0.1:9092',
  S3_ENDPOINT: 'http://127.0.0.1:9000',
  S3_REGION: 'us-east-1',
  S3_ACCESS_KEY_ID: 'tickhouse',
  S3_SECRET_ACCESS_KEY: 'tickhouse-sandbox-secret',
  S3_PATH_STYLE: 'true',
  ICEBERG_URI: 'http://127.0.0.1:8181',
  ICEBERG_WAREHOUSE: 's3://warehouse',
  ICEBERG_AUTH: 'oauth2',
  ICEBERG_CLIENT_ID: 'tickhouse',
  ICEBERG_CLIENT_SECRET: 'tickhouse-sandbox-secret',
  TRINO_URL: 'http://127.0.0.1:8090',
  LAMBDA_ENDPOINT: 'http://127.0.0.1:3002',
  LIVE_CANDLES: 'true',
}

const text = z.string().min(1)
const url = z.url({ protocol: /^https?$/ })
const flag = z.enum(['true', 'false']).transform(value => value === 'true')
/** An origin as browsers write it: without anything after host and port. */
const ORIGIN = z
  .string()
  .refine(origin => URL.canParse(origin) && new URL(origin).origin === origin, 'must be an origin, or *')
const milliseconds = z.coerce.number().int().nonnegative()
/** Goes into SQL as an identifier. */
const identifier = z.string().regex(/^[a-z][a-z0-9_]*$/, 'must be a lower-case identifier')

const environment = z.object({
  STAGE: text.default('local'),
  KAFKA_BROKERS: text.transform(list => list.split(',').map(broker => broker.trim())),
  KAFKA_AUTH: z.enum(['none', 'plain', 'scram-sha-256', 'scram-sha-512']).default('none'),
  KAFKA_USERNAME: text.optional(),
  KAFKA_PASSWORD: text.optional(),
  KAFKA_TLS: flag.default(false),
  TICKS_TOPIC: text.default('market_data.stock_ticks'),
  CANDLE_TOPIC_PREFIX: text.default('candle_'),
  MARK_TOPIC: text.default('market_data.candles.mark'),
  PUBLISHER_ID: text.default('tickhouse-publisher'),
  INGEST_GROUP: text.default('tickhouse-ingest'),
  S3_ENDPOINT: url.optional(),
  S3_REGION: text,
  S3_ACCESS_KEY_ID: text.optional(),
  S3_SECRET_ACCESS_KEY: text.optional(),
  S3_PATH_STYLE: flag.default(false),
  ICEBERG_URI: url,
  ICEBERG_WAREHOUSE: text,
  ICEBERG_AUTH: z.enum(['none', 'oauth2']),
  ICEBERG_CLIENT_ID: text.optional(),
  ICEBERG_CLIENT_SECRET: text.optional(),
  ICEBERG_OAUTH2_URI: url.optional(),
  ICEBERG_SCOPE: text.default('catalog'),
  TRINO_URL: url,
  TRINO_USER: text.default('tickhouse'),
  TRINO_PASSWORD: text.optional(),
  TRINO_CATALOG: identifier.default('lake'),
  /** How long one statement may take in all. */
  TRINO_TIMEOUT_MS: milliseconds.min(1_000).default(60_000),
  PRICE: z.enum(['mid', 'bid', 'ask']).default('mid'),
  /** The minute's work begins after it. */
  GRACE_MS: milliseconds.max(30_000).default(500),
  EARLIEST_TICK: text.default('1970-01-01T00:00:00Z').pipe(MOMENT),
  MAX_AHEAD_MS: milliseconds.default(3_600_000),
  /** A third of it must cover uploads that are not committed yet, and clocks that differ by a quarter of an hour. */
  RETENTION_MS: milliseconds.min(3_600_000).default(3_600_000),
  /** Whether `GET /candles` reads the newest ticks from Kafka. The function needs a login that may read the topic. */
  LIVE_CANDLES: flag.default(false),
  /** Where functions are invoked; unset: AWS Lambda itself. */
  LAMBDA_ENDPOINT: url.optional(),
  PUBLISH_FUNCTION: text.default('tickhouse-local-publish'),
  /** Origins whose pages may read candles, beside our own: `https://example.org`, or `*` for all. */
  CORS_ORIGINS: text
    .transform(list => list.split(',').map(origin => origin.trim()))
    .pipe(z.array(z.union([z.literal('*'), ORIGIN])))
    .default([]),
  /** The bearer token that Prometheus must send. */
  METRICS_TOKEN: z
    .string()
    .min(16, 'must have 16 characters or more')
    .regex(/^[!-~]+$/, 'must have letters, digits and signs of ASCII alone: no header brings others over')
    .optional(),
})

/** Set by `sls invoke local`, whose process ends only once every connection is closed. */
const ONE_SHOT = 'IS_LOCAL'

type Environment = z.output<typeof environment>

/** Names of all variables that are read: `serverless.yml` passes just these on. */
export const SETTING_NAMES: readonly string[] = Object.keys(environment.shape)

/** Everything that can be set, checked. */
export interface Config {
  readonly kafka: KafkaSettings
  readonly publisherId: string
  readonly store: S3StoreOptions
  readonly catalog: RestCatalogOptions
  readonly trino: TrinoSettings
  readonly publish: PublishTarget
  readonly http: HttpSettings
  /** True in a process that serves one call and is to end after it. */
  readonly isOneShot: boolean
  /** True when viewers are shown the newest ticks on Kafka. */
  readonly liveCandles: boolean
  readonly settings: Settings
}

/** Who may read the answers of the functions behind the HTTP API. */
export interface HttpSettings {
  /** Origins whose pages may read candles; `*` stands for all. */
  readonly corsOrigins: readonly string[]
  /** Readers of the metrics. `open`: everybody; `closed`: nobody; else those who send the token. */
  readonly metrics: 'open' | 'closed' | { readonly token: string }
}

/** Reads the environment, the only place that does. Throws `BadSettings`, which names every setting that is missing or malformed. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const isLocal = (given.STAGE ?? 'local') === 'local'
  const parsed = environment.safeParse(isLocal ? { ...SANDBOX, ...given } : given)
  if (!parsed.success) throw new BadSettings(z.prettifyError(parsed.error))
  if (!isLocal) refuseOpenPasswords(parsed.data)
  return configOf(parsed.data, given[ONE_SHOT] === 'true')
}

function configOf(env: Environment, isOneShot: boolean): Config {
  const logins = loginsOf(env)
  return {
    kafka: {
      brokers: env.KAFKA_BROKERS,
      clientId: 'tickhouse',
      tls: env.KAFKA_TLS,
      auth: env.KAFKA_AUTH === 'none' ? undefined : { mechanism: env.KAFKA_AUTH, ...logins.kafka() },
    },
    publisherId: env.PUBLISHER_ID,
    store: {
      region: env.S3_REGION,
      forcePathStyle: env.S3_PATH_STYLE,
      ...(env.S3_ENDPOINT === undefined ? {} : { endpoint: env.S3_ENDPOINT }),
      ...((env.S3_ACCESS_KEY_ID ?? env.S3_SECRET_ACCESS_KEY) ? { credentials: logins.store() } : {}),
    },
    catalog: {
      uri: env.ICEBERG_URI,
      warehouse: env.ICEBERG_WAREHOUSE,
      auth:
        env.ICEBERG_AUTH === 'none'
          ? { type: 'none' }
          : {
              type: 'oauth2',
              tokenUri: env.ICEBERG_OAUTH2_URI ?? `${env.ICEBERG_URI.replace(/\/$/, '')}/v1/oauth/tokens`,
              scope: env.ICEBERG_SCOPE,
              ...logins.catalog(),
            },
    },
    trino: {
      url: env.TRINO_URL,
      user: env.TRINO_USER,
      timeoutMs: env.TRINO_TIMEOUT_MS,
      // No statement of ours joins tables: to gather their statistics takes half of the planning, and changes no plan.
      session: { [`${env.TRINO_CATALOG}.statistics_enabled`]: 'false' },
      ...(env.TRINO_PASSWORD === undefined ? {} : { password: env.TRINO_PASSWORD }),
    },
    publish: {
      functionName: env.PUBLISH_FUNCTION,
      ...(env.LAMBDA_ENDPOINT === undefined ? {} : { endpoint: env.LAMBDA_ENDPOINT }),
    },
    http: {
      corsOrigins: env.CORS_ORIGINS,
      metrics: metricsAccess(env),
    },
    isOneShot,
    liveCandles: env.LIVE_CANDLES,
    settings: {
      ticksTopic: env.TICKS_TOPIC,
      deadLetterTopic: `${env.TICKS_TOPIC}.dlq`,
      ingestGroup: env.INGEST_GROUP,
      candleTopicPrefix: env.CANDLE_TOPIC_PREFIX,
      markTopic: env.MARK_TOPIC,
      trinoCatalog: env.TRINO_CATALOG,
      limits: { earliestUs: env.EARLIEST_TICK, maxAheadMs: env.MAX_AHEAD_MS },
      price: env.PRICE,
      graceMs: env.GRACE_MS,
      retentionMs: env.RETENTION_MS,
    },
  }
}

/** Without a token, metrics are open at stage `local`, where only this machine reaches the port. */
function metricsAccess({ STAGE, METRICS_TOKEN: token }: Environment): HttpSettings['metrics'] {
  if (token !== undefined) return { token }
  return STAGE === 'local' ? 'open' : 'closed'
}

/** Off the sandbox no password goes over a line that anyone can read. */
function refuseOpenPasswords(env: Environment): void {
  const isOpen = (address: string) => address.startsWith('http:')
  if (env.KAFKA_AUTH !== 'none' && !env.KAFKA_TLS) throw new BadSettings('KAFKA_AUTH wants KAFKA_TLS=true')
  if (env.TRINO_PASSWORD !== undefined && isOpen(env.TRINO_URL)) {
    throw new BadSettings('TRINO_PASSWORD wants a TRINO_URL with https')
  }
  if (env.ICEBERG_AUTH === 'oauth2' && isOpen(env.ICEBERG_OAUTH2_URI ?? env.ICEBERG_URI)) {
    throw new BadSettings('ICEBERG_AUTH=oauth2 wants an ICEBERG_URI (or ICEBERG_OAUTH2_URI) with https')
  }
}

/** Logins, of which both halves must be there. */
function loginsOf(env: Environment) {
  const need = (name: keyof Environment & string, why: string): string => {
    const value = env[name]
    if (typeof value === 'string') return value
    throw new BadSettings(`${name} is missing: ${why} needs it`)
  }
  return {
    kafka: () => ({
      username: need('KAFKA_USERNAME', 'KAFKA_AUTH'),
      password: need('KAFKA_PASSWORD', 'KAFKA_AUTH'),
    }),
    store: () => ({
      accessKeyId: need('S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'),
      secretAccessKey: need('S3_SECRET_ACCESS_KEY', 'S3_ACCESS_KEY_ID'),
    }),
    catalog: () => ({
      clientId: need('ICEBERG_CLIENT_ID', 'ICEBERG_AUTH=oauth2'),
      clientSecret: need('ICEBERG_CLIENT_SECRET', 'ICEBERG_AUTH=oauth2'),
    }),
  }
}

/** Names what is missing or malformed in the environment. */
export class BadSettings extends TickhouseError {
  constructor(message: string) {
    super('BAD_SETTINGS', `the environment is not complete:\n${message}`)
  }
}
