import { setTimeout as sleep } from 'node:timers/promises'
import { FetchFailed } from '../errors.ts'
import type { Cluster } from '../kafkajs/cluster.ts'
import { readRecordSet } from '../records/recordSet.ts'
import type { RecordBatch } from '../records/records.ts'
import { type FetchedPartition, fetchPartitions } from './fetch.ts'

const RETRY_DELAY_MS = 250
const NO_ERROR = 0
const OFFSET_OUT_OF_RANGE = 1

/** What a fetcher needs of the world. */
export interface FetcherPorts {
  /** Takes the records that were read up to `nextOffset`. */
  accept(partition: number, batches: readonly RecordBatch[], nextOffset: number): void
  /** Whether a partition has enough for now; `wake` is to be called when that ends. */
  isFull(partition: number): boolean
  /** Where to go on when the offset that was asked for is not in the log (any more). */
  findOffset(partition: number): Promise<number>
  /** Something did not work; it is tried again. */
  report(error: unknown): void
}

/** Bounds of one fetch. */
export interface FetcherOptions {
  topic: string
  fetchMaxWaitMs: number
  fetchBytesPerPartition: number
  /** Of all partitions together. */
  fetchBytes: number
}

/** Longest wait for new records while a partition of the same broker is full, and so how late that one is read again. */
const SHORT_WAIT_MS = 50

/** Where a partition is read next; a new one for each stretch of reading, so that late answers are told apart. */
interface Cursor {
  next: number
}

/** Reads partitions from the brokers that lead them, one request at a time for each broker, for as long as they are wanted. */
export class Fetcher {
  readonly #options: FetcherOptions
  readonly #ports: FetcherPorts
  readonly #cursors = new Map<number, Cursor>()
  readonly #busyNodes = new Set<number>()
  #cluster: Cluster | undefined

  constructor(options: FetcherOptions, ports: FetcherPorts) {
    this.#options = options
    this.#ports = ports
  }

  /** Reads through this cluster from now on; undefined pauses. */
  use(cluster: Cluster | undefined): void {
    if (cluster !== this.#cluster) this.#busyNodes.clear()
    this.#cluster = cluster
    this.wake()
  }

  /** Begins to read a partition, or moves it. */
  seek(partition: number, offset: number): void {
    this.#cursors.set(partition, { next: offset })
    this.wake()
  }

  /** Reads the partition no more; what is under way is dropped. */
  drop(partition: number): void {
    this.#cursors.delete(partition)
  }

  /** Asks every broker that is not being asked, for the partitions that have room. */
  wake(): void {
    const cluster = this.#cluster
    if (cluster === undefined) return
    const leaders = cluster.findTopicPartitionMetadata(this.#options.topic)
    const ours = leaders.filter(({ partitionId }) => this.#cursors.has(partitionId))
    for (const [nodeId, led] of Map.groupBy(ours, ({ leader }) => leader)) {
      if (this.#busyNodes.has(nodeId)) continue
      const wanted = led.map(({ partitionId }) => partitionId).filter(one => !this.#ports.isFull(one))
      const maxWaitMs = wanted.length < led.length ? SHORT_WAIT_MS : this.#options.fetchMaxWaitMs
      if (wanted.length > 0) void this.#read(cluster, nodeId, wanted, maxWaitMs)
    }
  }

  async #read(cluster: Cluster, nodeId: number, wanted: number[], maxWaitMs: number): Promise<void> {
    this.#busyNodes.add(nodeId)
    try {
      await this.#fetch(cluster, nodeId, wanted, maxWaitMs)
    } catch (error) {
      if (this.#cluster === cluster) this.#ports.report(error)
      await sleep(RETRY_DELAY_MS, undefined, { ref: false })
    }
    if (this.#cluster !== cluster) return
    this.#busyNodes.delete(nodeId)
    this.wake()
  }

  async #fetch(cluster: Cluster, nodeId: number, partitions: number[], maxWaitMs: number): Promise<void> {
    const { topic, fetchBytesPerPartition: maxBytes, fetchBytes } = this.#options
    const cursors = new Map(partitions.map(partition => [partition, this.#cursors.get(partition)!]))
    const wanted = shuffled([...cursors]).map(([partition, { next }]) => ({
      partition,
      fetchOffset: String(next),
      maxBytes,
    }))
    const broker = await cluster.findBroker({ nodeId })
    const answers = await fetchPartitions(broker, topic, wanted, { maxWaitMs, maxBytes: fetchBytes })
    const taken = await Promise.allSettled(
      answers.map(answer => this.#take(cluster, cursors.get(answer.partition)!, answer)),
    )
    // One partition's trouble is not the others'.
    for (const result of taken) if (result.status === 'rejected') throw result.reason
  }

  async #take(cluster: Cluster, cursor: Cursor, answer: FetchedPartition): Promise<void> {
    const { partition, errorCode, aborted, recordSet } = answer
    const isStale = () => this.#cluster !== cluster || this.#cursors.get(partition) !== cursor
    if (isStale()) return
    if (errorCode === OFFSET_OUT_OF_RANGE) {
      const offset = await this.#ports.findOffset(partition)
      if (!isStale()) this.seek(partition, offset)
      return
    }
    if (errorCode !== NO_ERROR) {
      await cluster.refreshMetadata()
      throw new FetchFailed(this.#options.topic, partition, errorCode)
    }
    const { batches, nextOffset } = readRecordSet(recordSet, aborted, cursor.next)
    if (nextOffset === cursor.next) return
    cursor.next = nextOffset
    this.#ports.accept(partition, batches, nextOffset)
  }
}

/** In a random order: Kafka fills its answer in the order that it is asked, and the last ones would always starve. */
function shuffled<T>(items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    const item = items[i]!
    items[i] = items[j]!
    items[j] = item
  }
  return items
}
