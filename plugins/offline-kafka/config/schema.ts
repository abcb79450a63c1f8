import type { ServerlessHost } from '../host.ts'

/** Settings of Lambda's Kafka event source mapping that osls does not know for `kafka:` events; it has the same names for streams. */
const EVENT_PROPERTIES = {
  functionResponseType: { enum: ['ReportBatchItemFailures'] },
  maximumRetryAttempts: { type: 'integer', minimum: -1, maximum: 10_000 },
  maximumRecordAgeInSeconds: { anyOf: [{ const: -1 }, { type: 'integer', minimum: 60, maximum: 604_800 }] },
  bisectBatchOnFunctionError: { type: 'boolean' },
}

const CUSTOM_PROPERTIES = {
  'offline-kafka': {
    type: 'object',
    properties: {
      brokers: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
      clientId: { type: 'string' },
      ssl: { anyOf: [{ type: 'boolean' }, { type: 'string' }, { type: 'object' }] },
      sasl: {
        type: 'object',
        properties: {
          mechanism: { enum: ['plain', 'scram-sha-256', 'scram-sha-512'] },
          username: { type: 'string' },
          password: { type: 'string' },
        },
        required: ['mechanism', 'username', 'password'],
      },
      sessionTimeoutMs: { type: 'integer' },
      fetchMaxWaitMs: { type: 'integer' },
      fetchBytesPerPartition: { type: 'integer' },
      fetchBytes: { type: 'integer' },
      bufferBytes: { type: 'integer' },
      concurrency: { type: 'integer' },
      retryMinDelayMs: { type: 'integer' },
      retryMaxDelayMs: { type: 'integer' },
    },
    additionalProperties: false,
  },
}

/** Teaches osls the keys that this plugin reads, so that `configValidationMode: error` accepts them and refuses misspelt ones. */
export function extendSchema(serverless: ServerlessHost): void {
  serverless.configSchemaHandler.defineFunctionEventProperties('aws', 'kafka', {
    properties: EVENT_PROPERTIES,
  })
  serverless.configSchemaHandler.defineCustomProperties({ properties: CUSTOM_PROPERTIES })
}
