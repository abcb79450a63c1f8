import type { Message, PartitionMetadata } from 'kafkajs'
import { Fenced, TransactionNotOpen } from '../../lib/kafka/errors.ts'
import { type PlacedMessage, stablePartitioner } from '../../lib/kafka/partition.ts'
import type { TransactionalWriter } from '../../lib/kafka/transactionalWriter.ts'
import type { OutgoingRecord, TopicWriter } from '../../lib/ports.ts'
import type { MemoryTopicLog, RecordContents } from './memoryTopicLog.ts'

/** Writes into logs in memory; keyless records without a partition go to partition 0. */
export class MemoryTopicWriter implements TopicWriter {
  readonly #log: MemoryTopicLog

  constructor(log: MemoryTopicLog) {
    this.#log = log
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    for (const record of records)
      this.#log.append(record.topic, placeOf(this.#log, record), [contentsOf(record)])
  }
}

/** Who of a log's transactional ids opened last; share one between the writers that are to fence each other. */
export type TransactionOwners = Map<string, MemoryTransactionalWriter>

/** Transactions on logs in memory, fenced by the next writer that opens under the same id. */
export class MemoryTransactionalWriter implements TransactionalWriter {
  readonly #log: MemoryTopicLog
  readonly #owners: TransactionOwners
  readonly #transactionalId: string
  #isOpen = false

  constructor(log: MemoryTopicLog, owners: TransactionOwners, transactionalId: string) {
    this.#log = log
    this.#owners = owners
    this.#transactionalId = transactionalId
  }

  async open(): Promise<void> {
    this.#owners.set(this.#transactionalId, this)
    this.#isOpen = true
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    if (!this.#isOpen) throw new TransactionNotOpen(this.#transactionalId)
    if (this.#owners.get(this.#transactionalId) !== this) {
      this.#isOpen = false
      throw new Fenced(this.#transactionalId, undefined)
    }
    const transaction = this.#log.begin()
    for (const record of records) {
      transaction.append(record.topic, placeOf(this.#log, record), [contentsOf(record)])
    }
    transaction.commit()
  }

  async close(): Promise<void> {
    this.#isOpen = false
  }
}

/** The partition that Kafka's own clients choose for a key, 0 to `partitionCount` - 1. */
export function partitionOf(key: string | Uint8Array, partitionCount: number): number {
  return choosePartition({ key: Buffer.from(key), value: null }, partitionCount)
}

function placeOf(log: MemoryTopicLog, record: OutgoingRecord): number {
  const { topic, partition, partitionKey, key } = record
  if (partition !== undefined || (partitionKey ?? key) === null) return partition ?? 0
  const message: PlacedMessage = { key: bytesOf(key), value: null, ...(partitionKey && { partitionKey }) }
  return choosePartition(message, log.partitions(topic).length)
}

function choosePartition(message: Message, partitionCount: number): number {
  const partitionMetadata = Array.from({ length: partitionCount }, (_, partitionId) => ({
    partitionId,
  })) as PartitionMetadata[]
  return stablePartitioner()({ topic: '', partitionMetadata, message })
}

function contentsOf({ key, value, headers = {}, timestampMs = 0 }: OutgoingRecord): RecordContents {
  return { key: bytesOf(key), value: bytesOf(value), headers, timestampMs }
}

function bytesOf(content: Uint8Array | string | null): Buffer | null {
  return content === null ? null : Buffer.from(content)
}
