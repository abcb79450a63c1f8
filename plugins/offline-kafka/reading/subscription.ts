import { setTimeout as sleep } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import { backoffMs } from '../batching/retry.ts'
import type { Mapping } from '../config/definition.ts'
import type { Settings } from '../config/settings.ts'
import { EventSourceError } from '../errors.ts'
import type { Log } from '../host.ts'
import { type Cluster, createCluster, kafkaErrorType } from '../kafkajs/cluster.ts'
import type { RecordBatch } from '../records/records.ts'
import { Committer } from './commit.ts'
import { Fetcher } from './fetcher.ts'
import { type Generation, Membership } from './membership.ts'
import { allPartitions, firstOffsets, type Offsets, resetOffset, startingOffsets } from './positions.ts'
import { type Buffered, Resting } from './resting.ts'

const COMMIT_TIMEOUT_MS = 5000
const LEAVE_TIMEOUT_MS = 5000
/** How soon partitions that were added to the topic are read. */
const METADATA_MAX_AGE_MS = 5000
/** A membership of this length ends a row of failures. */
const STEADY_MS = 30_000
const RESTART_BACKOFF = { minMs: 250, maxMs: 2000 }

/** Who takes the records, partition by partition. */
export interface RecordSink extends Buffered {
  assign(partition: number): void
  revoke(partition: number): void
  accept(partition: number, batches: readonly RecordBatch[], nextOffset: number): void
}

/**
 * Reads the mapping's topic as a member of its consumer group. Records are handed on as they come, and a partition rests while
 * more than its share of the buffer waits. It outlives every error of Kafka's: it connects anew, with a delay.
 *
 * A partition that stays ours, through a rebalance or a broker's restart, keeps its queue and goes on where it was read to.
 * One that comes from another member, or after we were expelled, starts clean from the committed offset.
 */
export class Subscription {
  readonly #kafka: Kafka
  readonly #mapping: Mapping
  readonly #settings: Settings
  readonly #sink: RecordSink
  readonly #log: Log
  readonly #committer: Committer
  readonly #fetcher: Fetcher
  readonly #stop = new AbortController()
  readonly #leave = new AbortController()
  readonly #owned = new Set<number>()
  readonly #resting: Resting
  /** What was said since the last join. */
  readonly #troubles = new Set<string>()
  /** Where to begin without committed offsets, found once: what came since must not be passed over by a later join. */
  #start: Offsets | undefined
  #cluster: Cluster | undefined
  #membership: Membership | undefined
  #memberId = ''
  #running: Promise<void> | undefined

  constructor(kafka: Kafka, mapping: Mapping, settings: Settings, sink: RecordSink, log: Log) {
    this.#kafka = kafka
    this.#mapping = mapping
    this.#settings = settings
    this.#sink = sink
    this.#resting = new Resting(sink, settings.bufferBytes)
    this.#log = log
    this.#committer = new Committer(offsets => this.#commit(offsets), log)
    const { topic } = mapping
    this.#fetcher = new Fetcher(
      { ...settings, topic },
      {
        accept: (partition, batches, nextOffset) => this.#sink.accept(partition, batches, nextOffset),
        isFull: partition => this.#resting.update(partition, this.#owned.size),
        findOffset: partition => resetOffset(this.#cluster!, mapping, partition),
        report: error => this.#reportTrouble(error),
      },
    )
  }

  /** Begins to join the group, in the background. */
  start(): void {
    this.#running = this.#keepRunning()
  }

  /** Commits, soon, that the partition is done below `nextOffset`. */
  commit(partition: number, nextOffset: number): void {
    if (this.#owned.has(partition)) this.#committer.mark(partition, nextOffset)
  }

  /** Records have left the buffer, or a partition may be part of another batch. */
  drained(): void {
    if (!this.#resting.isEmpty) this.#fetcher.wake()
  }

  /** Reads no further, but stays in the group, so that what is in flight can still be committed. */
  quiesce(): void {
    this.#stop.abort()
    this.#fetcher.use(undefined)
  }

  /** Commits what is done, then leaves the group; each within some seconds, also when Kafka is away. */
  async leave(): Promise<void> {
    this.quiesce()
    await this.#committer.flush(COMMIT_TIMEOUT_MS)
    this.#leave.abort()
    await Promise.race([this.#running, sleep(LEAVE_TIMEOUT_MS)])
  }

  async #keepRunning(): Promise<void> {
    for (let failures = 1; !this.#leave.signal.aborted; failures++) {
      const startedMs = Date.now()
      const cluster = createCluster(this.#kafka)
      try {
        await this.#runOn(cluster)
      } catch (error) {
        this.#reportTrouble(error)
      }
      this.#fetcher.use(undefined)
      this.#membership = undefined
      await Promise.race([
        cluster.disconnect().catch(() => undefined),
        sleep(LEAVE_TIMEOUT_MS, undefined, { ref: false }),
      ])
      if (Date.now() - startedMs > STEADY_MS) failures = 1
      const { signal } = this.#leave
      await sleep(backoffMs(failures, RESTART_BACKOFF), undefined, { signal }).catch(() => undefined)
    }
  }

  /** Is a member through rebalances until this subscription leaves; throws when Kafka is lost. */
  async #runOn(cluster: Cluster): Promise<void> {
    const { topic, groupId } = this.#mapping
    await cluster.connect()
    await cluster.addTargetTopic(topic)
    this.#start ??= await startingOffsets(cluster, this.#mapping)
    this.#cluster = cluster
    const group = { groupId, topic, sessionTimeoutMs: this.#settings.sessionTimeoutMs }
    const membership = new Membership(cluster, group, this.#memberId)
    while (!this.#leave.signal.aborted) {
      const generation = await membership.join()
      this.#membership = membership
      await this.#joined(cluster, membership, generation)
      if (!this.#stop.signal.aborted) this.#fetcher.use(cluster)
      await membership.stay(this.#partitionsStayed(cluster), this.#leave.signal)
    }
    await membership.leave()
  }

  async #joined(
    cluster: Cluster,
    membership: Membership,
    { memberId, partitions }: Generation,
  ): Promise<void> {
    const isSameMember = memberId === this.#memberId
    this.#memberId = memberId
    for (const partition of this.#owned) {
      if (!isSameMember || !partitions.includes(partition)) this.#revoke(partition)
    }
    const added = partitions.filter(partition => !this.#owned.has(partition))
    const offsets = await this.#beginningOf(cluster, membership, added)
    for (const partition of added) this.#assign(partition, offsets.get(partition)!)
    this.#troubles.clear()
    const { topic, groupId, functionKey } = this.#mapping
    const list = partitions.length === 0 ? 'none' : partitions.join(', ')
    this.#log.notice(`${functionKey} reads ${topic} as group ${groupId}, partitions: ${list}`)
  }

  /** A start that is not the log's own is committed at once: a restart before the first batch must not move it. */
  async #beginningOf(
    cluster: Cluster,
    membership: Membership,
    partitions: readonly number[],
  ): Promise<Offsets> {
    if (partitions.length === 0) return new Map()
    const committed = await membership.committed(partitions)
    const isNew = (partition: number) => !committed.has(partition)
    const chosen = new Map(
      [...this.#start!].filter(([partition]) => partitions.includes(partition) && isNew(partition)),
    )
    if (chosen.size > 0) await membership.commit(chosen)
    const rest = partitions.filter(partition => isNew(partition) && !chosen.has(partition))
    return new Map([...committed, ...chosen, ...(await firstOffsets(cluster, this.#mapping.topic, rest))])
  }

  /** Looks now and then whether the topic has more partitions than when it was first asked. */
  #partitionsStayed(cluster: Cluster): () => Promise<boolean> {
    const { topic } = this.#mapping
    const { length } = allPartitions(cluster, topic)
    let lookedAtMs = Date.now()
    return async () => {
      if (Date.now() - lookedAtMs < METADATA_MAX_AGE_MS) return true
      await cluster.refreshMetadata()
      lookedAtMs = Date.now()
      return allPartitions(cluster, topic).length === length
    }
  }

  async #commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    if (this.#membership === undefined) throw new Error('not in the group')
    await this.#membership.commit(offsets)
  }

  #assign(partition: number, offset: number): void {
    this.#owned.add(partition)
    this.#sink.assign(partition)
    this.#fetcher.seek(partition, offset)
  }

  #revoke(partition: number): void {
    this.#owned.delete(partition)
    this.#resting.forget(partition)
    this.#fetcher.drop(partition)
    this.#sink.revoke(partition)
    this.#committer.forget(partition)
  }

  /** One line for each trouble, not one for each attempt; joining ends it. */
  #reportTrouble(error: unknown): void {
    const { topic, functionKey, bootstrapServers } = this.#mapping
    const brokers = (this.#settings.brokers ?? bootstrapServers).join(',')
    const trouble = troubleOf(error, topic, brokers)
    if (this.#stop.signal.aborted || this.#troubles.has(trouble.kind)) return
    this.#troubles.add(trouble.kind)
    this.#log.warning(`${functionKey}: ${trouble.message}; trying again until it works`)
  }
}

/** A Kafka that is away shows itself by many errors, which are one trouble. */
function troubleOf(error: unknown, topic: string, brokers: string): { kind: string; message: string } {
  if (error instanceof EventSourceError) return { kind: error.message, message: `${topic}: ${error.message}` }
  if (kafkaErrorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION') {
    return { kind: 'topic', message: `topic ${topic} does not exist on ${brokers}` }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { kind: 'kafka', message: `Kafka at ${brokers}: ${message}` }
}
