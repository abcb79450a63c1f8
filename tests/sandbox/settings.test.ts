import { describe, expect, test } from 'vitest'
import { readConfig } from '../../lib/lambda/config.ts'
import { functionEnv, PORTS, readSettings } from '../../sandbox/settings.ts'

describe('the settings of the sandbox', () => {
  test('are 10 documented ports and a folder in the checkout when nothing is set', () => {
    const { ports, dataDir, trinoHeapMb } = readSettings({})
    expect(ports).toMatchObject({ kafka: 9092, s3: 9000, s3Console: 9001, iceberg: 8181, trino: 8090 })
    expect(Object.keys(ports)).toHaveLength(10)
    expect(dataDir).toMatch(/\/\.tickhouse$/)
    expect(trinoHeapMb).toBe(1536)
  })

  test('move each of the 10 ports by its own variable', () => {
    const variables = Object.values(PORTS).map(({ variable }, index) => [variable, String(20_000 + index)])
    const { ports } = readSettings(Object.fromEntries(variables))
    expect(Object.values(ports)).toEqual([...Array(10).keys()].map(index => 20_000 + index))
  })

  test('find the cache in TICKHOUSE_CACHE, else in XDG_CACHE_HOME', () => {
    expect(readSettings({ TICKHOUSE_CACHE: '/c' }).cacheDir).toBe('/c')
    expect(readSettings({ XDG_CACHE_HOME: '/x' }).cacheDir).toBe('/x/tickhouse')
  })

  test.each(['0', '65536', '90.5', 'ten', '-1'])(
    'refuse KAFKA_PORT=%s by its name and range; corrected or unset it will do',
    text => {
      expect(() => readSettings({ KAFKA_PORT: text })).toThrow(
        `KAFKA_PORT=${text} is not a whole number from 1 to 65535`,
      )
      expect(readSettings({ KAFKA_PORT: '65535' }).ports.kafka).toBe(65_535)
      expect(readSettings({ KAFKA_PORT: '' }).ports.kafka).toBe(9092)
    },
  )
})

describe('the environment of the functions', () => {
  test('on the default ports is what the functions assume by themselves', () => {
    expect(readConfig(functionEnv(readSettings({}).ports))).toEqual(readConfig({}))
  })

  test('follows 4 moved ports', () => {
    const ports = { ...readSettings({}).ports, kafka: 1, s3: 2, iceberg: 3, trino: 4 }
    expect(functionEnv(ports)).toMatchObject({
      KAFKA_BROKERS: '127.0.0.1:1',
      S3_ENDPOINT: 'http://127.0.0.1:2',
      ICEBERG_URI: 'http://127.0.0.1:3',
      ICEBERG_OAUTH2_URI: 'http://127.0.0.1:3/v1/oauth/tokens',
      TRINO_URL: 'http://127.0.0.1:4',
    })
  })
})
