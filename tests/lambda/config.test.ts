import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readConfig, SETTING_NAMES } from '../../lib/lambda/config.ts'

const { provider, functions, custom } = parse(
  readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8'),
)

type Variables = Readonly<Record<string, string>>

/** The variables that each function has by itself. */
function environmentOf({ environment = {} }: { environment?: Variables | string }): Variables {
  if (typeof environment !== 'string') return environment
  expect(environment).toMatch(/self:custom\.keys/)
  return custom.keys
}

const environments: { provider: Variables; functions: Readonly<Record<string, Variables>> } = {
  provider: provider.environment,
  functions: Object.fromEntries(
    Object.entries<object>(functions).map(([name, definition]) => [name, environmentOf(definition)]),
  ),
}

const DEPLOYED = {
  STAGE: 'prod',
  KAFKA_BROKERS: 'b1:9096, b2:9096',
  S3_REGION: 'eu-central-1',
  ICEBERG_URI: 'https://catalog.example/iceberg/',
  ICEBERG_WAREHOUSE: 'lake',
  ICEBERG_AUTH: 'none',
  TRINO_URL: 'https://trino.example',
}

describe('readConfig', () => {
  test('an empty environment is the sandbox', () => {
    expect(readConfig({})).toMatchObject({
      kafka: { brokers: ['127.0.0.1:9092'], tls: false, auth: undefined },
      catalog: {
        uri: 'http://127.0.0.1:8181',
        auth: { type: 'oauth2', tokenUri: 'http://127.0.0.1:8181/v1/oauth/tokens' },
      },
      settings: {
        ticksTopic: 'market_data.stock_ticks',
        deadLetterTopic: 'market_data.stock_ticks.dlq',
        graceMs: 500,
      },
    })
  })

  test('an empty variable is one that is not set', () => {
    expect(readConfig({ KAFKA_BROKERS: '', GRACE_MS: '' })).toEqual(readConfig({}))
  })

  test('a deployed stage has no sandbox defaults: each missing setting is named', () => {
    expect(() => readConfig({ STAGE: 'prod' })).toThrow(
      /KAFKA_BROKERS[\s\S]*S3_REGION[\s\S]*ICEBERG_URI[\s\S]*ICEBERG_WAREHOUSE[\s\S]*TRINO_URL/,
    )
    expect(readConfig(DEPLOYED).kafka.brokers).toEqual(['b1:9096', 'b2:9096'])
    expect(readConfig(DEPLOYED).publish.endpoint).toBeUndefined()
  })

  test('candles are live in the sandbox; a deployed stage has to say that its function may read Kafka', () => {
    expect(readConfig({}).liveCandles).toBe(true)
    expect(readConfig({ LIVE_CANDLES: 'false' }).liveCandles).toBe(false)
    expect(readConfig(DEPLOYED).liveCandles).toBe(false)
    expect(readConfig({ ...DEPLOYED, LIVE_CANDLES: 'true' }).liveCandles).toBe(true)
  })

  test('logins: Kafka by SASL over TLS, the catalog by OAuth2, Trino by password', () => {
    const config = readConfig({
      ...DEPLOYED,
      KAFKA_AUTH: 'scram-sha-512',
      KAFKA_USERNAME: 'u',
      KAFKA_PASSWORD: 'p',
      KAFKA_TLS: 'true',
      ICEBERG_AUTH: 'oauth2',
      ICEBERG_CLIENT_ID: 'id',
      ICEBERG_CLIENT_SECRET: 'secret',
      TRINO_PASSWORD: 'pw',
    })
    expect(config.kafka).toMatchObject({ tls: true, auth: { mechanism: 'scram-sha-512', username: 'u' } })
    expect(config.catalog.auth).toMatchObject({
      clientId: 'id',
      tokenUri: 'https://catalog.example/iceberg/v1/oauth/tokens',
    })
    expect(config.trino.password).toBe('pw')
  })

  test.each([
    [{ KAFKA_AUTH: 'plain', KAFKA_USERNAME: 'u', KAFKA_PASSWORD: 'p' }, /KAFKA_TLS/],
    [{ TRINO_URL: 'http://trino.example', TRINO_PASSWORD: 'p' }, /https/],
    [{ ICEBERG_AUTH: 'oauth2', ICEBERG_URI: 'http://c.example' }, /https/],
  ])('a deployed stage sends no password in the clear: %j', (env, message) => {
    expect(() => readConfig({ ...DEPLOYED, ...env })).toThrow(message)
  })

  test.each([
    [{ KAFKA_AUTH: 'plain' }, /KAFKA_USERNAME is missing/],
    [{ KAFKA_TLS: 'yes' }, /KAFKA_TLS/],
    [{ TRINO_URL: 'localhost:8090' }, /TRINO_URL/],
    [{ TRINO_CATALOG: 'lake; DROP' }, /TRINO_CATALOG/],
    [{ PRICE: 'last' }, /PRICE/],
    [{ GRACE_MS: '-1' }, /GRACE_MS/],
    [{ EARLIEST_TICK: 'yesterday' }, /EARLIEST_TICK/],
  ])('refuses %j by name', (env, message) => {
    expect(() => readConfig(env)).toThrow(message)
  })

  test.each([
    ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'],
    ['S3_SECRET_ACCESS_KEY', 'S3_ACCESS_KEY_ID'],
  ])('a deployed stage with %s alone is told that %s is missing', (given, missing) => {
    expect(() => readConfig({ ...DEPLOYED, [given]: 'half' })).toThrow(
      `${missing} is missing: ${given} needs it`,
    )
  })

  test('serverless.yml passes on just the settings that are read', () => {
    const names = [environments.provider, ...Object.values(environments.functions)].flatMap(Object.keys)
    expect([...new Set(names)].sort()).toEqual([...SETTING_NAMES].sort())
  })

  test('without METRICS_TOKEN the metrics are open in the sandbox, closed elsewhere; a short one is refused', () => {
    expect(readConfig({}).http.metrics).toBe('open')
    expect(readConfig(DEPLOYED).http.metrics).toBe('closed')
    const METRICS_TOKEN = 'a-token-of-20-letters'
    expect(readConfig({ ...DEPLOYED, METRICS_TOKEN }).http.metrics).toEqual({ token: METRICS_TOKEN })
    expect(() => readConfig({ METRICS_TOKEN: 'short' })).toThrow(/METRICS_TOKEN/)
    for (const odd of ['\n', ' ', '\u00e9', '\u{1f600}', '\0'])
      expect(() => readConfig({ METRICS_TOKEN: METRICS_TOKEN + odd })).toThrow(/METRICS_TOKEN/)
  })

  test('origins that may read candles: none, a list, or all', () => {
    const origins = (CORS_ORIGINS: string) => readConfig({ CORS_ORIGINS }).http.corsOrigins
    expect(origins('')).toEqual([])
    expect(origins('https://a.example, http://localhost:8080')).toEqual([
      'https://a.example',
      'http://localhost:8080',
    ])
    expect(origins('*')).toEqual(['*'])
    for (const wrong of ['a.example', 'https://a.example/', 'https://a.example/path']) {
      expect(() => origins(wrong)).toThrow(/CORS_ORIGINS/)
    }
  })
})

describe('keys', () => {
  const KEYS = SETTING_NAMES.filter(name =>
    /(USERNAME|PASSWORD|KEY|KEY_ID|CLIENT_ID|SECRET|TOKEN)$/.test(name),
  )
  /** Keys of the pipeline's users, who may write. */
  const WRITERS = KEYS.filter(name => name !== 'METRICS_TOKEN')
  const kafka = ['KAFKA_USERNAME', 'KAFKA_PASSWORD']
  const HOLDERS: Readonly<Record<string, readonly string[]>> = {
    produce: kafka,
    ingest: WRITERS,
    rollup: WRITERS,
    publish: WRITERS,
    maintain: WRITERS,
    page: [],
    candles: [],
    metrics: ['METRICS_TOKEN'],
  }

  test('there are 7 of other servers, and the token of the metrics', () => {
    expect(KEYS).toHaveLength(8)
  })

  test('no function is given one by the provider', () => {
    expect(KEYS.filter(name => name in environments.provider)).toEqual([])
  })

  test('each function holds those that it needs; what only reads has users of its own', () => {
    const own = Object.entries(environments.functions).map(([name, variables]) => [
      name,
      KEYS.filter(key => key in variables && !variables[key]!.startsWith('${param:reader')),
    ])
    expect(Object.fromEntries(own)).toEqual(
      Object.fromEntries(
        Object.entries(HOLDERS).map(([name, keys]) => [name, KEYS.filter(key => keys.includes(key))]),
      ),
    )
  })
})
