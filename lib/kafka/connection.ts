import type { Kafka } from 'kafkajs'
import { clusterFactory } from '../../plugins/offline-kafka/kafkajs/cluster.ts'
import type { AbortedTransaction, RawRecord } from './visible.ts'

/**
 * The part of kafkajs's internal cluster that reads a log without a consumer group. kafkajs offers no such read
 * in public: a consumer has to join a group, which takes seconds and leaves a group behind. 2.2.4 is its last
 * release and pinned exactly; the contract tests on a real broker would notice if these internals moved.
 */
export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  /** Asks for these topics only, so that another topic's trouble is not ours. Null when no broker answered. */
  metadata(request: { topics: string[] }): Promise<Metadata | null>
  findBroker(node: { nodeId: number }): Promise<Broker>
  refreshMetadata(): Promise<void>
  /** The controller, which changes topics; as of the last refresh. */
  findControllerBroker(): Promise<Broker>
  /** The coordinator of a consumer group, which keeps its offsets. */
  findGroupCoordinator(group: { groupId: string }): Promise<Coordinator>
}

/** The coordinator of a consumer group. An offset is −1 where the group has committed none. */
export interface Coordinator {
  offsetFetch(request: {
    groupId: string
    topics: { topic: string; partitions: { partition: number }[] }[]
  }): Promise<{ responses: { partitions: { partition: number; offset: string }[] }[] }>
}

/** Which node leads each partition. */
export interface Metadata {
  topicMetadata: { topic: string; partitionMetadata: { partitionId: number; leader: number }[] }[]
}

/** One node: asked for offsets and records of the partitions that it leads. */
export interface Broker {
  /** Two connections, the second for fetches; each is opened when it is first needed. */
  connectionPool: {
    getConnection(index: ConnectionIndex): Promise<unknown>
    /** Sends a request that kafkajs does not know; gives its answer, decoded and parsed. */
    send<Decoded, Answer>(exchange: {
      request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<object> }
      response: { decode(payload: Buffer): Promise<Decoded>; parse(decoded: Decoded): Promise<Answer> }
      logResponseError?: boolean
    }): Promise<Answer>
  }
  /** The versions of each request that the broker accepts, by API key. */
  versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>> | null
  listOffsets(request: {
    isolationLevel: IsolationLevel
    topics: { topic: string; partitions: { partition: number; timestamp: number }[] }[]
  }): Promise<{ responses: { partitions: { partition: number; offset: string }[] }[] }>
  describeConfigs(request: {
    resources: { type: number; name: string; configNames: string[] }[]
  }): Promise<{ resources: { configEntries: { configName: string; configValue: string }[] }[] }>
  fetch(request: {
    isolationLevel: IsolationLevel
    maxWaitTime: number
    minBytes: number
    maxBytes: number
    topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[]
  }): Promise<{ responses: { partitions: FetchedPartition[] }[] }>
}

/** A piece of a log, from a batch that holds the offset asked for. */
export interface FetchedPartition {
  partition: number
  /** The offset up to which every transaction has ended: the end of the log for a `read_committed` reader. */
  lastStableOffset: string
  abortedTransactions: AbortedTransaction[]
  messages: RawRecord[]
}

/** Which of a node's connections a request takes. */
export const CONNECTION = { any: 0, fetch: 1 } as const
/** One of `CONNECTION`. */
export type ConnectionIndex = (typeof CONNECTION)[keyof typeof CONNECTION]

/** Whether records of open and aborted transactions are told: https://kafka.apache.org/43/design/protocol/ */
export const ISOLATION = { readUncommitted: 0, readCommitted: 1 } as const
/** One of `ISOLATION`. */
export type IsolationLevel = (typeof ISOLATION)[keyof typeof ISOLATION]
/** Timestamps that mean an end of the log to ListOffsets, of the same protocol. */
export const LISTED = { latest: -1, earliest: -2 } as const

/** A cluster of its own, with the client's brokers and login. Throws when kafkajs is not the release we know. */
export function createCluster(kafka: Kafka): Cluster {
  return clusterFactory(kafka)({ allowAutoTopicCreation: false }) as Cluster
}
