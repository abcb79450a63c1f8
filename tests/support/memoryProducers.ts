import { Fenced, TransactionNotOpen } from '../../lib/kafka/errors.ts'
import { partitionOf } from '../../lib/kafka/partition.ts'
import type { RecordTransaction } from '../../lib/kafka/transaction.ts'
import type { OutgoingRecord, TopicWriter } from '../../lib/ports.ts'
import type { MemoryLogTransaction, MemoryTopicLog, RecordContents } from './memoryTopicLog.ts'

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

/** Who of a log's transactional ids opened last; share one between the transactions that are to fence each other. */
export type TransactionOwners = Map<string, MemoryTransaction>

/** A transaction on logs in memory, fenced by the next one that opens under the same id. */
export class MemoryTransaction implements RecordTransaction {
  readonly #log: MemoryTopicLog
  readonly #owners: TransactionOwners
  readonly #transactionalId: string
  #open: MemoryLogTransaction | undefined

  constructor(log: MemoryTopicLog, owners: TransactionOwners, transactionalId: string) {
    this.#log = log
    this.#owners = owners
    this.#transactionalId = transactionalId
  }

  async open(): Promise<void> {
    const older = this.#owners.get(this.#transactionalId)
    if (older) older.#open?.abort()
    this.#owners.set(this.#transactionalId, this)
    this.#open = this.#log.begin()
  }

  async send(records: readonly OutgoingRecord[]): Promise<void> {
    const transaction = this.#current()
    for (const record of records) {
      transaction.append(record.topic, placeOf(this.#log, record), [contentsOf(record)])
    }
  }

  async commit(): Promise<void> {
    this.#current().commit()
    this.#open = undefined
  }

  async abort(): Promise<void> {
    this.#open?.abort()
    this.#open = undefined
  }

  close(): Promise<void> {
    return this.abort()
  }

  #current(): MemoryLogTransaction {
    if (!this.#open) throw new TransactionNotOpen(this.#transactionalId)
    if (this.#owners.get(this.#transactionalId) === this) return this.#open
    this.#open = undefined
    throw new Fenced(this.#transactionalId, undefined)
  }
}

function placeOf(log: MemoryTopicLog, { topic, partition, key }: OutgoingRecord): number {
  return partition ?? (key === null ? 0 : partitionOf(key, log.partitions(topic).length))
}

function contentsOf({ key, value, headers = {}, timestampMs = 0 }: OutgoingRecord): RecordContents {
  return { key: bytesOf(key), value: bytesOf(value), headers, timestampMs }
}

function bytesOf(content: Uint8Array | string | null): Uint8Array | null {
  return content === null ? null : Buffer.from(content)
}
