import type { Catalog } from './iceberg/catalog.ts'
import type { TickLimits } from './market/tick.ts'
import type { Log, ObjectStore, Query, TopicLog, TopicWriter } from './ports.ts'
import type { Stages } from './stages.ts'
import type { Price } from './tables/candlesTable.ts'

/** What the steps need to know; all of it is set in one place. */
export interface Settings {
  readonly ticksTopic: string
  readonly deadLetterTopic: string
  /** The consumer group with which the event source reads the ticks topic. */
  readonly ingestGroup: string
  readonly candleTopicPrefix: string
  readonly markTopic: string
  readonly trinoCatalog: string
  readonly limits: TickLimits
  readonly price: Price
  /** How long after a bucket's end its last ticks may still arrive. */
  readonly graceMs: number
  /** How long a reader may hold on to a snapshot that is no longer current. */
  readonly retentionMs: number
}

/** All that lies outside. A step asks for the part that it uses. */
export interface Services {
  readonly catalog: Catalog
  readonly store: ObjectStore
  readonly topicLog: TopicLog
  readonly topicWriter: TopicWriter
  readonly query: Query
  readonly settings: Settings
  readonly log: Log
  /** How long what is under way takes, for the log. */
  readonly stages: Stages
  /** The wall clock, milliseconds since 1970. */
  readonly nowMs: () => number
}
