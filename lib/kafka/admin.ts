import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import { kafkaError, rootCause } from './errors.ts'

/** A topic as it should be. */
export interface TopicSpec {
  topic: string
  partitions: number
  /** The cluster's default when absent. */
  replicationFactor?: number
  /** Topic settings by their Kafka names, for example `cleanup.policy`. */
  config: Readonly<Record<string, string>>
  /** For settings that are numbers: the smallest value that is accepted in place of that in `config`. −1 counts as unlimited. */
  enough?: Readonly<Record<string, number>>
}

/** A topic that exists otherwise than its spec says; `setting` is `partitions` or a setting's Kafka name. */
export interface TopicDifference {
  topic: string
  setting: string
  wanted: string
  actual: string
}

const LEADERS_TIMEOUT_MS = 30_000
const POLL_MS = 50

/**
 * Creates the topics that are missing, waits until every partition of all of them has a leader, and returns what
 * differs on those that were there before: fewer partitions, or another value of a setting in the spec. It changes
 * no topic that exists, and any number of callers may race.
 */
export async function ensureTopics(kafka: Kafka, specs: readonly TopicSpec[]): Promise<TopicDifference[]> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    await createMissing(admin, specs)
    const partitionCounts = await waitForLeaders(admin, specs)
    return [...fewerPartitions(specs, partitionCounts), ...(await otherSettings(admin, specs))]
  } catch (error) {
    throw kafkaError(error, `creating the topics ${specs.map(({ topic }) => topic).join(', ')}`)
  } finally {
    await admin.disconnect()
  }
}

async function createMissing(admin: Admin, specs: readonly TopicSpec[]): Promise<void> {
  const existing = new Set(await admin.listTopics())
  const missing = specs.filter(({ topic }) => !existing.has(topic))
  if (missing.length === 0) return
  const topics = missing.map(({ topic, partitions, replicationFactor = -1, config }) => ({
    topic,
    numPartitions: partitions,
    replicationFactor,
    configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
  }))
  try {
    await admin.createTopics({ topics, waitForLeaders: false })
  } catch (error) {
    throw firstRealError(error)
  }
}

/** Of the errors of a request for several topics, the first that is not "somebody else was faster". */
function firstRealError(error: unknown): unknown {
  const errors = error instanceof Error && 'errors' in error ? (error.errors as Error[]) : []
  return errors.find(each => rootCause(each).type !== 'TOPIC_ALREADY_EXISTS') ?? error
}

/** Partition count by topic, once every partition of every topic has a leader. */
async function waitForLeaders(admin: Admin, specs: readonly TopicSpec[]): Promise<Map<string, number>> {
  const giveUpAtMs = Date.now() + LEADERS_TIMEOUT_MS
  for (;;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: specs.map(({ topic }) => topic) })
      return new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
    } catch (error) {
      if (rootCause(error).type !== 'UNKNOWN_TOPIC_OR_PARTITION' || Date.now() > giveUpAtMs) throw error
      await sleep(POLL_MS)
    }
  }
}

function fewerPartitions(specs: readonly TopicSpec[], counts: Map<string, number>): TopicDifference[] {
  return specs
    .map(({ topic, partitions }) => ({ topic, wanted: partitions, actual: counts.get(topic) ?? 0 }))
    .filter(({ wanted, actual }) => actual < wanted)
    .map(({ topic, wanted, actual }) => ({
      topic,
      setting: 'partitions',
      wanted: String(wanted),
      actual: String(actual),
    }))
}

async function otherSettings(admin: Admin, specs: readonly TopicSpec[]): Promise<TopicDifference[]> {
  const resources = specs
    .filter(({ config }) => Object.keys(config).length > 0)
    .map(({ topic, config }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: topic,
      configNames: Object.keys(config),
    }))
  if (resources.length === 0) return []
  const described = await admin.describeConfigs({ resources, includeSynonyms: false })
  const specOf = new Map(specs.map(spec => [spec.topic, spec]))
  return described.resources.flatMap(({ resourceName: topic, configEntries }) =>
    configEntries
      .map(({ configName, configValue }) => ({
        topic,
        setting: configName,
        wanted: specOf.get(topic)?.config[configName] ?? configValue,
        actual: configValue,
      }))
      .filter(({ setting, wanted, actual }) => {
        const isEnough = isAtLeast(Number(actual), specOf.get(topic)?.enough?.[setting])
        return !isEnough && asSet(wanted) !== asSet(actual)
      }),
  )
}

function isAtLeast(actual: number, enough: number | undefined): boolean {
  return enough !== undefined && (actual === -1 || actual >= enough)
}

/** Settings that are lists, such as `compact,delete`, mean the same in any order. */
function asSet(value: string): string {
  return value.split(',').sort().join()
}
