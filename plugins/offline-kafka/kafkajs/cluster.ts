import type { GroupMember, GroupMemberAssignment, Kafka } from 'kafkajs'

/*
 * The part of kafkajs's insides that this plugin stands on: connections, logins, and requests to single brokers. Its public
 * consumer makes an object of every field of every record, which costs more than all the rest of the way to a function.
 * 2.2.4 is kafkajs's last release; the tests on a real broker would notice if these insides moved.
 */

/** Connections to the brokers of one Kafka, and what was learned of the topic's leaders. */
export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  /** Throws with the type UNKNOWN_TOPIC_OR_PARTITION when there is no such topic. */
  addTargetTopic(topic: string): Promise<void>
  refreshMetadata(): Promise<void>
  /** As of the last refresh. */
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[]
  findBroker(node: { nodeId: number }): Promise<Broker>
  findGroupCoordinator(group: { groupId: string }): Promise<Coordinator>
  /** Offsets of a topic's partitions: those at a time, else where the log begins or ends for a reader of committed records. */
  fetchTopicsOffset(
    topics: {
      topic: string
      partitions: { partition: number }[]
      fromBeginning?: boolean
      fromTimestamp?: number
    }[],
  ): Promise<{ partitions: { partition: number; offset: string }[] }[]>
}

/** One broker; `send` gives what `response` makes of the bytes that come back. */
export interface Broker {
  connectionPool: {
    send<Answer>(exchange: {
      request: object
      requestTimeout: number
      response: { decode(payload: Buffer): Promise<Answer>; parse(decoded: Answer): Promise<Answer> }
    }): Promise<Answer>
  }
}

/** The broker that keeps a consumer group's members and offsets. Each call is one request, which throws what the broker answers. */
export interface Coordinator {
  joinGroup(request: {
    groupId: string
    memberId: string
    sessionTimeout: number
    rebalanceTimeout: number
    groupProtocols: { name: string; metadata: Buffer }[]
  }): Promise<{ generationId: number; memberId: string; leaderId: string; members: GroupMember[] }>
  syncGroup(request: {
    groupId: string
    generationId: number
    memberId: string
    groupAssignment: GroupMemberAssignment[]
  }): Promise<{ memberAssignment: Buffer }>
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<void>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<void>
  offsetFetch(request: {
    groupId: string
    topics: { topic: string; partitions: { partition: number }[] }[]
  }): Promise<{ responses: { partitions: { partition: number; offset: string }[] }[] }>
  offsetCommit(request: {
    groupId: string
    groupGenerationId: number
    memberId: string
    topics: { topic: string; partitions: { partition: number; offset: string }[] }[]
  }): Promise<void>
}

/** Kafka's number for readers who see committed records only. */
export const READ_COMMITTED = 1

/** A cluster of its own, with the client's brokers and login, not connected yet. Throws as `clusterFactory` does. */
export function createCluster(kafka: Kafka): Cluster {
  return clusterFactory(kafka)({ allowAutoTopicCreation: false, isolationLevel: READ_COMMITTED }) as Cluster
}

type ClusterFactory = (options: { allowAutoTopicCreation: boolean; isolationLevel?: number }) => unknown

/** What kafkajs itself makes a client's clusters with. Throws when kafkajs is not the release we know. */
export function clusterFactory(kafka: Kafka): ClusterFactory {
  const internals = kafka as unknown as Record<symbol, ClusterFactory>
  const key = Object.getOwnPropertySymbols(internals).find(
    symbol => symbol.description === 'private:Kafka:createCluster',
  )
  const create = key && internals[key]
  if (!create) throw new Error('kafkajs is not 2.2.4: its cluster factory is not where it was')
  return create
}

/** The name that Kafka gives to an error, such as REBALANCE_IN_PROGRESS; undefined when it is not the broker's. */
export function kafkaErrorType(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('type' in error && typeof error.type === 'string') return error.type
  return kafkaErrorType(error.cause)
}
