import { describe, expect, it } from 'vitest'
import { readMappings } from '../../config/definition.ts'
import { readSettings } from '../../config/settings.ts'
import { completeTemplate } from '../../config/template.ts'
import { mapping } from '../support/records.ts'
import { serverless } from '../support/serverless.ts'

const least = { accessConfigurations: {}, bootstrapServers: ['a:9092', 'b:9092'], topic: 't' }
const read = (...events: object[]) =>
  readMappings(serverless({ f: { events: events.map(kafka => ({ kafka })) } }))

describe('readMappings', () => {
  it("gives Lambda's defaults, and a group id that stays the same", () => {
    expect(read(least)).toEqual([mapping({ groupId: 'service-dev-f-t' })])
  })

  it('reads every key', () => {
    const [full] = read({
      ...least,
      consumerGroupId: 'mine',
      enabled: false,
      batchSize: 10_000,
      maximumBatchingWindow: 0,
      startingPosition: 'AT_TIMESTAMP',
      startingPositionTimestamp: 1_700_000_000,
      filterPatterns: [{ value: { a: [1] } }],
      functionResponseType: 'ReportBatchItemFailures',
      maximumRetryAttempts: 0,
      maximumRecordAgeInSeconds: 60,
      bisectBatchOnFunctionError: true,
      onFailureDestination: 'kafka://failures',
    })
    expect(full).toEqual(
      mapping({
        groupId: 'mine',
        enabled: false,
        batchSize: 10_000,
        windowMs: 0,
        start: { at: 'AT_TIMESTAMP', timestampMs: 1_700_000_000_000 },
        filters: [{ value: { a: [1] } }],
        reportBatchItemFailures: true,
        maximumRetries: 0,
        maximumRecordAgeMs: 60_000,
        bisect: true,
        onFailureDestination: 'kafka://failures',
      }),
    )
  })

  it('makes endless retries 10 where there is a destination', () => {
    expect(read({ ...least, onFailureDestination: 'kafka://x' })[0]!.maximumRetries).toBe(10)
  })

  it.each([
    [{ batchSize: 10_001 }, 'batchSize'],
    [{ topic: undefined }, 'topic'],
    [{ maximumRecordAgeInSeconds: 59 }, 'maximumRecordAgeInSeconds'],
    [{ startingPosition: 'AT_TIMESTAMP' }, 'startingPositionTimestamp'],
    [{ filterPatterns: [{ key: ['x'] }] }, 'filterPatterns.0'],
    [{ onFailureDestination: 'kafka://t' }, 'the source topic t itself'],
  ])('refuses %j and names function and key', (change, named) => {
    const refused = () => read({ ...least, ...change })
    expect(refused).toThrow('function f')
    expect(refused).toThrow(named)
    expect(refused).toThrow(expect.objectContaining({ code: 'MISCONFIGURED_SOURCE' }))
    expect(read(least)).toHaveLength(1)
  })

  it('refuses the same topic twice for one function', () => {
    expect(() => read(least, least)).toThrow('two kafka events of topic t')
  })
})

describe('readSettings', () => {
  it('takes numbers and lists as text, as they come from environment variables', () => {
    const settings = readSettings({ 'offline-kafka': { brokers: 'a:1, b:2', concurrency: '4', ssl: 'true' } })
    expect([settings.brokers, settings.concurrency, settings.ssl]).toEqual([['a:1', 'b:2'], 4, true])
    expect(readSettings(undefined).sessionTimeoutMs).toBe(6000)
  })

  it('refuses a misspelt key and a broker without a port, by name', () => {
    expect(() => readSettings({ 'offline-kafka': { concurency: 1 } })).toThrow('concurency')
    expect(() => readSettings({ 'offline-kafka': { brokers: 'localhost' } })).toThrow(
      'brokers: must be one or more host:port',
    )
  })
})

describe('completeTemplate', () => {
  it("writes 5 properties that osls does not write into the function's mapping, brokers one by one, and nothing that is not set", () => {
    const kafka = {
      ...least,
      bootstrapServers: ['b1:9096, b2:9096', 'b3:9096'],
      maximumBatchingWindow: 0,
      functionResponseType: 'ReportBatchItemFailures',
      maximumRetryAttempts: 3,
      maximumRecordAgeInSeconds: -1,
      bisectBatchOnFunctionError: true,
    }
    const host = serverless({
      f: { events: [{ kafka }, { schedule: 'rate(1 minute)' }] },
      g: { events: [{ kafka: least }] },
    })
    completeTemplate(host)
    const resources = host.service.provider.compiledCloudFormationTemplate!.Resources
    const endpoints = (...brokers: string[]) => ({ Endpoints: { KafkaBootstrapServers: brokers } })
    expect(resources['f-t']!.Properties).toEqual({
      SelfManagedEventSource: endpoints('b1:9096', 'b2:9096', 'b3:9096'),
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 3,
      MaximumRecordAgeInSeconds: -1,
      BisectBatchOnFunctionError: true,
      MaximumBatchingWindowInSeconds: 0,
    })
    expect(resources['g-t']!.Properties).toEqual({
      SelfManagedEventSource: endpoints(...least.bootstrapServers),
    })
  })
})
