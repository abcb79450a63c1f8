import { z } from 'zod'
import { MisconfiguredSource } from '../errors.ts'

const brokerList = z
  .union([z.string(), z.array(z.string())])
  .transform(value => (typeof value === 'string' ? value.split(',') : value).map(broker => broker.trim()))
  .refine(brokers => brokers.length > 0 && brokers.every(broker => /^[^\s,]+:\d+$/.test(broker)), {
    message: 'must be one or more host:port, separated by commas',
  })

const wholeNumber = (fallback: number, least = 1) => z.coerce.number().int().min(least).default(fallback)

const schema = z.strictObject({
  /** Where Kafka is, instead of each event's `bootstrapServers`: "a:9092,b:9092" or a list. */
  brokers: brokerList.optional(),
  clientId: z.string().min(1).default('offline-kafka'),
  /** true for TLS with the system's authorities, or Node's TLS options (`ca`, `cert`, `key`: PEM text). */
  ssl: z.union([z.boolean(), z.stringbool(), z.record(z.string(), z.unknown())]).default(false),
  sasl: z
    .strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
      username: z.string(),
      password: z.string(),
    })
    .optional(),
  /** How long Kafka waits for a killed process before its partitions go to the next one. */
  sessionTimeoutMs: wholeNumber(6000, 1000),
  /** Longest a fetch waits for new records. */
  fetchMaxWaitMs: wholeNumber(500),
  fetchBytesPerPartition: wholeNumber(1024 * 1024, 1024),
  /** Of all partitions that one broker leads; a single batch that is larger comes all the same. */
  fetchBytes: wholeNumber(4 * 1024 * 1024, 1024),
  /** Read ahead of the function, per event, in bytes of the JSON that Lambda would get. */
  bufferBytes: wholeNumber(16 * 1024 * 1024),
  /** Invocations of one event that may run side by side; those of one partition never do. */
  concurrency: wholeNumber(2),
  retryMinDelayMs: wholeNumber(1000),
  retryMaxDelayMs: wholeNumber(30_000),
})

/** `custom.offline-kafka` of serverless.yml: how the plugin behaves on this machine, nothing that is deployed. */
export type Settings = z.infer<typeof schema>

/** Reads `custom.offline-kafka`; a missing one means the defaults. Throws `MisconfiguredSource` naming each bad key. */
export function readSettings(custom: Record<string, unknown> | undefined): Settings {
  const parsed = schema.safeParse(custom?.['offline-kafka'] ?? {})
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new MisconfiguredSource(`custom.offline-kafka in serverless.yml: ${faults.join('; ')}`)
}
