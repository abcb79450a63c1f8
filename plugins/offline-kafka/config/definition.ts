import { z } from 'zod'
import { MisconfiguredSource } from '../errors.ts'
import type { ServerlessHost } from '../host.ts'
import { type FilterPattern, filterPattern } from './filter.ts'

/** "When you configure both infinite retries and an on-failure destination, Lambda automatically applies a maximum of 10":
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html */
const RETRIES_WITH_DESTINATION = 10

/** Where a group without committed offsets begins. */
export type StartingPosition =
  | { at: 'TRIM_HORIZON' }
  | { at: 'LATEST' }
  | { at: 'AT_TIMESTAMP'; timestampMs: number }

/** One `kafka:` event of serverless.yml: an event source mapping, in plain values. */
export interface Mapping {
  functionKey: string
  topic: string
  groupId: string
  bootstrapServers: readonly string[]
  enabled: boolean
  batchSize: number
  windowMs: number
  start: StartingPosition
  reportBatchItemFailures: boolean
  /** Attempts after the first one; Infinity for endless. */
  maximumRetries: number
  /** Infinity for no limit. */
  maximumRecordAgeMs: number
  bisect: boolean
  /** `kafka://topic` or an ARN. */
  onFailureDestination: string | undefined
  /** A record passes when one of them matches; none means that all pass. */
  filters: readonly FilterPattern[]
}

const infinite = (value: number) => (value === -1 ? Number.POSITIVE_INFINITY : value)

const kafkaEvent = z.object({
  topic: z.string().min(1),
  bootstrapServers: z.array(z.string().min(1)).min(1).transform(separateBrokers),
  consumerGroupId: z.string().min(1).max(200).optional(),
  enabled: z.boolean().default(true),
  batchSize: z.number().int().min(1).max(10_000).default(100),
  maximumBatchingWindow: z.number().int().min(0).max(300).optional(),
  startingPosition: z.enum(['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP']).default('TRIM_HORIZON'),
  startingPositionTimestamp: z.number().min(0).optional(),
  filterPatterns: z.array(filterPattern).max(10).default([]),
  functionResponseType: z.literal('ReportBatchItemFailures').optional(),
  maximumRetryAttempts: z.number().int().min(-1).max(10_000).default(-1),
  maximumRecordAgeInSeconds: z.union([z.literal(-1), z.number().int().min(60).max(604_800)]).default(-1),
  bisectBatchOnFunctionError: z.boolean().default(false),
  onFailureDestination: z.string().optional(),
})

/** One environment variable usually names all brokers: an entry may be several, separated by commas. */
export function separateBrokers(entries: readonly string[]): string[] {
  return entries.flatMap(entry => entry.split(',')).map(broker => broker.trim())
}

/** Every `kafka:` event of the service, also those with `enabled: false`. Throws `MisconfiguredSource` for what Lambda would refuse. */
export function readMappings(serverless: ServerlessHost): Mapping[] {
  return serverless.service.getAllFunctions().flatMap(functionKey => {
    const events = serverless.service.getFunction(functionKey).events ?? []
    const mappings = events
      .filter(event => event.kafka !== undefined)
      .map(event => toMapping(serverless, functionKey, event.kafka))
    refuseSameTopicTwice(mappings)
    return mappings
  })
}

function toMapping(serverless: ServerlessHost, functionKey: string, declared: unknown): Mapping {
  const parsed = kafkaEvent.safeParse(declared)
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw new MisconfiguredSource(`kafka event of function ${functionKey}: ${faults.join('; ')}`)
  }
  const event = parsed.data
  if (event.onFailureDestination === `kafka://${event.topic}`) {
    throw new MisconfiguredSource(
      `kafka event of function ${functionKey}: onFailureDestination is the source topic ${event.topic} itself; name another topic`,
    )
  }
  return {
    functionKey,
    topic: event.topic,
    groupId: event.consumerGroupId ?? defaultGroupId(serverless, functionKey, event.topic),
    bootstrapServers: event.bootstrapServers,
    enabled: event.enabled,
    batchSize: event.batchSize,
    windowMs: event.maximumBatchingWindow === undefined ? 500 : event.maximumBatchingWindow * 1000,
    start: startingPosition(functionKey, event.startingPosition, event.startingPositionTimestamp),
    reportBatchItemFailures: event.functionResponseType !== undefined,
    maximumRetries:
      event.maximumRetryAttempts === -1 && event.onFailureDestination !== undefined
        ? RETRIES_WITH_DESTINATION
        : infinite(event.maximumRetryAttempts),
    maximumRecordAgeMs: infinite(event.maximumRecordAgeInSeconds) * 1000,
    bisect: event.bisectBatchOnFunctionError,
    onFailureDestination: event.onFailureDestination,
    filters: event.filterPatterns,
  }
}

/** Lambda makes up a group id for each new mapping; here it is fixed, so that a restart goes on where it was. */
function defaultGroupId(serverless: ServerlessHost, functionKey: string, topic: string): string {
  return `${serverless.service.service}-${serverless.getProvider('aws').getStage()}-${functionKey}-${topic}`
}

function startingPosition(
  functionKey: string,
  at: StartingPosition['at'],
  timestampSeconds: number | undefined,
): StartingPosition {
  if (at !== 'AT_TIMESTAMP') return { at }
  if (timestampSeconds === undefined) {
    throw new MisconfiguredSource(
      `kafka event of function ${functionKey}: startingPosition AT_TIMESTAMP needs startingPositionTimestamp (seconds since 1970)`,
    )
  }
  return { at, timestampMs: timestampSeconds * 1000 }
}

/** CloudFormation would give both mappings the same logical id, and the second would replace the first. */
function refuseSameTopicTwice(mappings: readonly Mapping[]): void {
  const seen = new Set<string>()
  for (const { functionKey, topic } of mappings) {
    if (seen.has(topic)) {
      throw new MisconfiguredSource(
        `function ${functionKey} has two kafka events of topic ${topic}; keep one`,
      )
    }
    seen.add(topic)
  }
}
