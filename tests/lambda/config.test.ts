import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readConfig, SETTING_NAMES } from '../../lib/lambda/config.ts'

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
    const { provider } = parse(readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8'))
    expect(Object.keys(provider.environment).sort()).toEqual([...SETTING_NAMES].sort())
  })
})
