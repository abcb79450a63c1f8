import kafkajs from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { kafkaClient } from '../../lib/kafka/client.ts'
import { createCluster } from '../../lib/kafka/connection.ts'

const settings = {
  brokers: ['127.0.0.1:1'],
  clientId: 'tests',
  auth: { mechanism: 'plain' as const, username: 'user', password: 'secret' },
  tls: true,
}

describe('a Kafka client', () => {
  it('writes a warning as 1 JSON line without fields that could hold a secret, and no info', () => {
    const lines: string[] = []
    const logger = kafkaClient(settings, line => lines.push(line)).logger()
    logger.info('chatter')
    logger.warn('beware', { broker: '127.0.0.1:1', retryCount: 3, sasl: settings.auth, payload: 'secret' })
    expect(lines.map(line => JSON.parse(line))).toEqual([
      { level: 'warn', logger: 'kafkajs', message: 'beware', broker: '127.0.0.1:1', retryCount: 3 },
    ])
  })

  it('does not log an error that Kafka answered, which its caller gets anyway', () => {
    const lines: string[] = []
    const logger = kafkaClient(settings, line => lines.push(line)).logger()
    logger.error('Response Metadata(key: 3, version: 6)', { error: 'no such topic' })
    expect(lines).toEqual([])
  })

  it('reads all 4 codecs', () => {
    kafkaClient(settings, () => {})
    const { CompressionCodecs, CompressionTypes } = kafkajs
    for (const name of ['GZIP', 'Snappy', 'LZ4', 'ZSTD'] as const) {
      expect(CompressionCodecs[CompressionTypes[name] as 1 | 2 | 3 | 4]()).toBeTypeOf('object')
    }
  })

  it('has the internals that reading without a group needs', () => {
    const cluster = createCluster(kafkaClient(settings, () => {}))
    for (const method of ['connect', 'disconnect', 'metadata', 'findBroker'] as const) {
      expect(cluster[method]).toBeTypeOf('function')
    }
    expect(() => createCluster({} as kafkajs.Kafka)).toThrow('kafkajs is not 2.2.4')
  })
})
