import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import { Committer } from './commit.ts'
import type { Mapping } from './definition.ts'
import type { SourceRecord } from './event.ts'
import type { Log } from './host.ts'
import { startingOffsets } from './positions.ts'
import { backoffMs } from './retry.ts'
import type { Settings } from './settings.ts'

const COMMIT_TIMEOUT_MS = 5000
const LEAVE_TIMEOUT_MS = 5000
/** How soon partitions that were added to the topic are read. */
const METADATA_MAX_AGE_MS = 30_000
/** A run of this length ends a row of failures. */
const STEADY_MS = 30_000
const RESTART_BACKOFF = { minMs: 250, maxMs: 2000 }

/** Who takes the records, partition by partition. */
export interface RecordSink {
  assign(partition: number): void
  revoke(partition: number): void
  accept(partition: number, records: readonly SourceRecord[], nextOffset: number): void
  bufferedBytes(partition: number): number
}

/**
 * Membership in the mapping's consumer group. Records are handed on as they come and their partition is paused while
 * more than its share of the buffer waits. It outlives every error of Kafka's and of kafkajs's: it starts anew, with a delay,
 * from the committed offsets.
 *
 * A partition that stays ours through a rebalance keeps its queue and goes on where it was read to; kafkajs by itself
 * would read it again from the committed offset. One that comes from another member, or after we were expelled, starts clean.
 */
export class Subscription {
  readonly #kafka: Kafka
  readonly #mapping: Mapping
  readonly #settings: Settings
  readonly #sink: RecordSink
  readonly #log: Log
  readonly #committer: Committer
  readonly #stop = new AbortController()
  readonly #leave = new AbortController()
  readonly #owned = new Set<number>()
  /** Where a partition is read next. */
  readonly #position = new Map<number, number>()
  readonly #paused = new Set<number>()
  #consumer: Consumer | undefined
  #commitNow: EachBatchPayload['commitOffsetsIfNecessary'] | undefined
  #memberId: string | undefined
  #running: Promise<void> | undefined
  #trouble: 'topic' | 'kafka' | undefined

  constructor(kafka: Kafka, mapping: Mapping, settings: Settings, sink: RecordSink, log: Log) {
    this.#kafka = kafka
    this.#mapping = mapping
    this.#settings = settings
    this.#sink = sink
    this.#log = log
    this.#committer = new Committer(offsets => this.#commit(offsets), log)
  }

  /** Begins to join the group, in the background. */
  start(): void {
    this.#running = this.#keepRunning()
  }

  /** Commits, soon, that the partition is done below `nextOffset`. */
  commit(partition: number, nextOffset: number): void {
    if (this.#owned.has(partition)) this.#committer.mark(partition, nextOffset)
  }

  /** Reads on a partition that was paused, once half of its share of the buffer is free. */
  drained(partition: number): void {
    if (!this.#paused.has(partition) || this.#sink.bufferedBytes(partition) > this.#share() / 2) return
    this.#paused.delete(partition)
    this.#consumer?.resume([{ topic: this.#mapping.topic, partitions: [partition] }])
  }

  /** Reads no further, but stays in the group, so that what is in flight can still be committed. */
  quiesce(): void {
    this.#stop.abort()
    this.#consumer?.pause([{ topic: this.#mapping.topic }])
  }

  /** Commits what is done, then leaves the group; each within some seconds, also when Kafka is away. */
  async leave(): Promise<void> {
    this.quiesce()
    await this.#committer.flush(COMMIT_TIMEOUT_MS)
    this.#leave.abort()
    await Promise.race([this.#running, sleep(LEAVE_TIMEOUT_MS)])
  }

  async #keepRunning(): Promise<void> {
    for (let failures = 1; !this.#stop.signal.aborted; failures++) {
      const startedMs = Date.now()
      try {
        await this.#runOnce()
      } catch (error) {
        this.#reportTrouble(error)
      }
      if (Date.now() - startedMs > STEADY_MS) failures = 1
      await this.#wait(backoffMs(failures, RESTART_BACKOFF))
    }
  }

  /** Joins and consumes until this subscription leaves, or kafkajs gives up: then it throws why. */
  async #runOnce(): Promise<void> {
    const begin = await this.#findStart()
    const consumer = this.#createConsumer(begin)
    const ended = new Promise<Error | undefined>(resolve => {
      consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error))
      this.#leave.signal.addEventListener('abort', () => resolve(undefined), { once: true })
    })
    try {
      await consumer.connect()
      await consumer.subscribe({
        topic: this.#mapping.topic,
        fromBeginning: this.#mapping.start.at !== 'LATEST',
      })
      if (this.#stop.signal.aborted) return
      this.#consumer = consumer
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async payload => this.#take(consumer, payload),
      })
      this.#commitStart(begin)
      const error = await ended
      if (error !== undefined) throw error
    } finally {
      this.#consumer = undefined
      this.#commitNow = undefined
      this.#memberId = undefined
      for (const partition of this.#owned) this.#revoke(partition)
      await Promise.race([
        consumer.disconnect().catch(() => undefined),
        sleep(LEAVE_TIMEOUT_MS, undefined, { ref: false }),
      ])
    }
  }

  #createConsumer(begin: Map<number, number>): Consumer {
    const { sessionTimeoutMs, fetchMaxWaitMs, fetchBytesPerPartition } = this.#settings
    const consumer = this.#kafka.consumer({
      groupId: this.#mapping.groupId,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.floor(sessionTimeoutMs / 5),
      maxWaitTimeInMs: fetchMaxWaitMs,
      maxBytesPerPartition: fetchBytesPerPartition,
      maxBytes: fetchBytesPerPartition * 16,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      allowAutoTopicCreation: false,
    })
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.#joined(consumer, payload.memberId, payload.memberAssignment[this.#mapping.topic] ?? [], begin)
    })
    return consumer
  }

  async #findStart(): Promise<Map<number, number>> {
    if (this.#mapping.start.at === 'TRIM_HORIZON') return new Map()
    const admin = this.#kafka.admin()
    try {
      await admin.connect()
      return await startingOffsets(admin, this.#mapping)
    } finally {
      await admin.disconnect()
    }
  }

  /** Called within the join, before the first fetch: what is sought here is where that fetch begins. */
  #joined(
    consumer: Consumer,
    memberId: string,
    assigned: readonly number[],
    begin: ReadonlyMap<number, number>,
  ): void {
    const { topic, functionKey, groupId } = this.#mapping
    const isSameMember = memberId === this.#memberId
    this.#memberId = memberId
    for (const partition of this.#owned) {
      if (!isSameMember || !assigned.includes(partition)) this.#revoke(partition)
    }
    for (const partition of assigned) {
      if (!this.#owned.has(partition)) this.#assign(consumer, partition, begin.get(partition))
      const position = this.#position.get(partition)
      if (position !== undefined) consumer.seek({ topic, partition, offset: String(position) })
    }
    this.#trouble = undefined
    const list = assigned.length === 0 ? 'none' : assigned.join(', ')
    this.#log.notice(`${functionKey} reads ${topic} as group ${groupId}, partitions: ${list}`)
  }

  #assign(consumer: Consumer, partition: number, beginOffset: number | undefined): void {
    this.#owned.add(partition)
    this.#sink.assign(partition)
    consumer.resume([{ topic: this.#mapping.topic, partitions: [partition] }])
    if (beginOffset !== undefined) this.#position.set(partition, beginOffset)
  }

  /** A start that is not the log's own is committed at once: a restart before the first batch must not move it. */
  #commitStart(begin: Map<number, number>): void {
    for (const [partition, offset] of begin) {
      if (this.#position.get(partition) === offset) this.commit(partition, offset)
    }
    begin.clear()
  }

  #take(
    consumer: Consumer,
    { batch, resolveOffset, isStale, commitOffsetsIfNecessary }: EachBatchPayload,
  ): void {
    const { partition, messages } = batch
    const last = messages.at(-1)
    if (last === undefined || isStale() || !this.#owned.has(partition)) return
    this.#commitNow = commitOffsetsIfNecessary
    const nextOffset = Number(batch.lastOffset()) + 1
    resolveOffset(last.offset)
    this.#position.set(partition, nextOffset)
    this.#sink.accept(partition, messages, nextOffset)
    if (this.#sink.bufferedBytes(partition) < this.#share()) return
    this.#paused.add(partition)
    consumer.pause([{ topic: this.#mapping.topic, partitions: [partition] }])
  }

  /** The one that comes with batches tries once, and so never commits in a generation that began after it was called. */
  async #commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    const { topic } = this.#mapping
    const partitions = [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) }))
    if (this.#commitNow !== undefined) {
      await this.#commitNow({ topics: [{ topic, partitions }] })
      return
    }
    await this.#consumer?.commitOffsets(partitions.map(one => ({ topic, ...one })))
  }

  #share(): number {
    return this.#settings.bufferBytes / Math.max(1, this.#owned.size)
  }

  #revoke(partition: number): void {
    this.#owned.delete(partition)
    this.#sink.revoke(partition)
    this.#committer.forget(partition)
    this.#position.delete(partition)
    this.#paused.delete(partition)
  }

  /** One line for a trouble of a kind, not one for each attempt; joining ends it. */
  #reportTrouble(error: unknown): void {
    const kind = isUnknownTopic(error) ? 'topic' : 'kafka'
    if (this.#stop.signal.aborted || kind === this.#trouble) return
    this.#trouble = kind
    const { topic, functionKey, bootstrapServers } = this.#mapping
    const brokers = (this.#settings.brokers ?? bootstrapServers).join(',')
    const message = error instanceof Error ? error.message : String(error)
    const what =
      kind === 'topic' ? `topic ${topic} does not exist on ${brokers}` : `Kafka at ${brokers}: ${message}`
    this.#log.warning(`${functionKey}: ${what}; trying again until it works`)
  }

  async #wait(delayMs: number): Promise<void> {
    await sleep(delayMs, undefined, { signal: this.#stop.signal }).catch(() => undefined)
  }
}

function isUnknownTopic(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('type' in error && error.type === 'UNKNOWN_TOPIC_OR_PARTITION') return true
  return isUnknownTopic(error.cause)
}
