import kafkajs, { type Kafka } from 'kafkajs'
import type { OffsetRange } from '../ports.ts'
import {
  type Broker,
  type Cluster,
  CONNECTION,
  type ConnectionIndex,
  createCluster,
  type FetchedPartition,
  ISOLATION,
  type IsolationLevel,
  LISTED,
} from './connection.ts'
import { TopicMissing } from './errors.ts'
import { fetchTopicId } from './topicId.ts'

/**
 * How long a fetch may take. Kafka waits for `minBytes`, of which we want none, so that it answers at once;
 * kafkajs takes the same number as the request's timeout, so that it must not be small.
 */
const FETCH_TIMEOUT_MS = 10_000

/** Partitions that were added to a topic are seen after this time. */
const LEADERS_MAX_AGE_MS = 5_000

/** Partition → node id of its leader. */
type Leaders = Map<number, number>

/** Connections to a cluster and what was learned of its topics' leaders; thrown away whole when it proves wrong. */
export class LogSession {
  readonly #cluster: Cluster
  readonly #connected: Promise<void>
  readonly #leaders = new Map<string, { readonly asked: Promise<Leaders>; readonly atMs: number }>()
  readonly #opening = new Map<string, Promise<unknown>>()

  constructor(kafka: Kafka) {
    this.#cluster = createCluster(kafka)
    this.#connected = this.#cluster.connect()
    this.#connected.catch(() => {})
  }

  /** The topic's partitions; an added one appears after some seconds. */
  async partitions(topic: string): Promise<number[]> {
    const known = this.#leaders.get(topic)
    if (known && performance.now() - known.atMs > LEADERS_MAX_AGE_MS) this.forget(topic)
    return [...(await this.#leadersOf(topic)).keys()].sort((a, b) => a - b)
  }

  /** The offsets of every partition, up to the high watermark. */
  async ranges(topic: string): Promise<Map<number, OffsetRange>> {
    const partitions = await this.partitions(topic)
    const range = async (partition: number) => [partition, await this.range(topic, partition)] as const
    return new Map(await Promise.all(partitions.map(range)))
  }

  /** See `TopicTail`. */
  async offsetsAt(topic: string, timestampMs: number): Promise<Map<number, number>> {
    const find = async (partition: number) => {
      const offset = await this.#listOffset(topic, partition, timestampMs, ISOLATION.readCommitted)
      return [partition, offset] as const
    }
    const found = await Promise.all((await this.partitions(topic)).map(find))
    return new Map(found.filter(([, offset]) => offset >= 0))
  }

  /** See `TopicLog`. Asked each time, as the topic may have been made again since. */
  async topicId(topic: string): Promise<string | undefined> {
    const [first] = (await this.#leadersOf(topic)).keys()
    return fetchTopicId(await this.#leaderOf(topic, first!, CONNECTION.any), topic)
  }

  /** The value of a setting of the topic, by its Kafka name. */
  async setting(topic: string, name: string): Promise<string | undefined> {
    const [first] = (await this.#leadersOf(topic)).keys()
    const broker = await this.#leaderOf(topic, first!, CONNECTION.any)
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: [name] }
    const { resources } = await broker.describeConfigs({ resources: [resource] })
    return resources[0]?.configEntries.find(({ configName }) => configName === name)?.configValue
  }

  /** The next offsets of a consumer group, by partition; partitions without a committed offset are left out. */
  async groupOffsets(groupId: string, topic: string): Promise<Map<number, number>> {
    const partitions = [...(await this.#leadersOf(topic)).keys()].map(partition => ({ partition }))
    const coordinator = await this.#cluster.findGroupCoordinator({ groupId })
    const { responses } = await coordinator.offsetFetch({ groupId, topics: [{ topic, partitions }] })
    const found = responses.flatMap(response => response.partitions)
    return new Map(
      found.flatMap(({ partition, offset }) => (Number(offset) < 0 ? [] : [[partition, Number(offset)]])),
    )
  }

  /** The offsets of one partition; with `readCommitted`, up to the first transaction that is still open. */
  async range(topic: string, partition: number, level: IsolationLevel = ISOLATION.readUncommitted) {
    const [low, high] = await Promise.all([
      this.#listOffset(topic, partition, LISTED.earliest, level),
      this.#listOffset(topic, partition, LISTED.latest, level),
    ])
    return { low, high }
  }

  /** At least the batch that holds `offset`, or the next one; then as many as fit into `maxBytes`. */
  async fetch(topic: string, partition: number, offset: number, maxBytes: number): Promise<FetchedPartition> {
    const broker = await this.#leaderOf(topic, partition, CONNECTION.fetch)
    const [fetched] = await fetchFrom(broker, topic, new Map([[partition, offset]]), maxBytes)
    return fetched!
  }

  /** Like `fetch`, for several partitions: one request to each of their leaders. */
  async fetchAll(
    topic: string,
    from: ReadonlyMap<number, number>,
    maxBytes: number,
  ): Promise<FetchedPartition[]> {
    const led = new Map<Broker, Map<number, number>>()
    for (const [partition, offset] of from) {
      const broker = await this.#leaderOf(topic, partition, CONNECTION.fetch)
      led.set(broker, (led.get(broker) ?? new Map<number, number>()).set(partition, offset))
    }
    const fetches = [...led].map(([broker, offsets]) => fetchFrom(broker, topic, offsets, maxBytes))
    return (await Promise.all(fetches)).flat()
  }

  /** Makes the next use ask for the topic's leaders again. */
  forget(topic: string): void {
    this.#leaders.delete(topic)
  }

  /** Ends the connections; what is still under way fails. */
  async close(): Promise<void> {
    await this.#connected.catch(() => {})
    await this.#cluster.disconnect()
  }

  async #listOffset(topic: string, partition: number, timestamp: number, isolationLevel: IsolationLevel) {
    const broker = await this.#leaderOf(topic, partition, CONNECTION.any)
    const { responses } = await broker.listOffsets({
      isolationLevel,
      topics: [{ topic, partitions: [{ partition, timestamp }] }],
    })
    return Number(responses[0]!.partitions[0]!.offset)
  }

  async #leaderOf(topic: string, partition: number, connection: ConnectionIndex): Promise<Broker> {
    const nodeId = (await this.#leadersOf(topic)).get(partition)
    if (nodeId === undefined) throw new TopicMissing(topic, partition)
    const broker = await this.#cluster.findBroker({ nodeId })
    await this.#open(nodeId, broker, connection)
    return broker
  }

  /** kafkajs opens one connection for each of several requests that find none, and closes only the last. */
  async #open(nodeId: number, { connectionPool }: Broker, connection: ConnectionIndex): Promise<void> {
    const key = `${nodeId}/${connection}`
    const opening =
      this.#opening.get(key) ??
      connectionPool.getConnection(connection).finally(() => this.#opening.delete(key))
    this.#opening.set(key, opening)
    await opening
  }

  #leadersOf(topic: string): Promise<Leaders> {
    const known = this.#leaders.get(topic)
    if (known) return known.asked
    const asked = this.#askLeaders(topic)
    this.#leaders.set(topic, { asked, atMs: performance.now() })
    asked.catch(() => this.forget(topic))
    return asked
  }

  async #askLeaders(topic: string): Promise<Leaders> {
    await this.#connected
    const metadata = await this.#cluster.metadata({ topics: [topic] })
    const found = metadata?.topicMetadata.find(each => each.topic === topic)
    if (!found) throw new Error('no broker gave the metadata')
    return new Map(found.partitionMetadata.map(({ partitionId, leader }) => [partitionId, leader]))
  }
}

/** Fetches some partitions from the broker that leads them. */
async function fetchFrom(
  broker: Broker,
  topic: string,
  from: ReadonlyMap<number, number>,
  maxBytes: number,
): Promise<FetchedPartition[]> {
  const partitions = [...from].map(([partition, offset]) => {
    return { partition, fetchOffset: String(offset), maxBytes }
  })
  const { responses } = await broker.fetch({
    isolationLevel: ISOLATION.readCommitted,
    maxWaitTime: FETCH_TIMEOUT_MS,
    minBytes: 0,
    maxBytes: maxBytes * partitions.length,
    topics: [{ topic, partitions }],
  })
  return responses.flatMap(({ partitions }) => partitions)
}
