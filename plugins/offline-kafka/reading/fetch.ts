import fetchRequest from 'kafkajs/src/protocol/requests/fetch/v11/request.js'
import { type Broker, READ_COMMITTED } from '../kafkajs/cluster.ts'
import type { AbortedTransaction } from '../records/recordSet.ts'

/** What is wanted of one partition. */
export interface FetchedFrom {
  partition: number
  fetchOffset: string
  maxBytes: number
}

/** What a broker answers for one partition; `recordSet` lies in the answer's memory. */
export interface FetchedPartition {
  partition: number
  /** 0 for none: https://kafka.apache.org/protocol#protocol_error_codes */
  errorCode: number
  aborted: AbortedTransaction[]
  recordSet: Buffer
}

/** Bounds of one fetch: it ends when anything is there, or after `maxWaitMs`. */
export interface FetchLimits {
  maxWaitMs: number
  maxBytes: number
}

/** Above what the broker waits on purpose. */
const TIMEOUT_MS = 10_000

/**
 * Fetches committed records of some partitions that this broker leads, as they are stored. Version 11 of the call:
 * Kafka has it since 2.3, https://kafka.apache.org/protocol#The_Messages_Fetch
 */
export async function fetchPartitions(
  broker: Broker,
  topic: string,
  partitions: readonly FetchedFrom[],
  { maxWaitMs, maxBytes }: FetchLimits,
): Promise<FetchedPartition[]> {
  const request = fetchRequest({
    replicaId: -1,
    isolationLevel: READ_COMMITTED,
    maxWaitTime: maxWaitMs,
    minBytes: 1,
    maxBytes,
    topics: [{ topic, partitions }],
  })
  const answer = await broker.connectionPool.send({
    request,
    requestTimeout: maxWaitMs + TIMEOUT_MS,
    response: { decode: async payload => decode(payload), parse: async decoded => decoded },
  })
  return answer.partitions
}

/*
 * throttle time 4 | error 2 | session 4 | topics: name 2 + n, partitions: number 4, error 2, high watermark 8,
 * last stable offset 8, log start 8, aborted transactions: producer id 8, first offset 8; preferred replica 4, records 4 + n
 */
function decode(payload: Buffer) {
  const answer = new AnswerReader(payload)
  const clientSideThrottleTime = answer.int32()
  answer.skip(6)
  const topics = answer.list(() => {
    answer.skip(answer.int16())
    return answer.list(() => decodePartition(answer))
  })
  return { clientSideThrottleTime, partitions: topics.flat() }
}

function decodePartition(answer: AnswerReader): FetchedPartition {
  const partition = answer.int32()
  const errorCode = answer.int16()
  answer.skip(24)
  const aborted = answer.list(() => ({ producerId: answer.int64(), firstOffset: Number(answer.int64()) }))
  answer.skip(4)
  return { partition, errorCode, aborted, recordSet: answer.bytes() }
}

/** Reads Kafka's primitive types one after the other: https://kafka.apache.org/protocol#protocol_types */
class AnswerReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  skip(byteLength: number): number {
    this.#at += byteLength
    return this.#at - byteLength
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.skip(2))
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.skip(4))
  }

  int64(): bigint {
    return this.#buffer.readBigInt64BE(this.skip(8))
  }

  /** Null comes as empty. */
  bytes(): Buffer {
    const length = Math.max(0, this.int32())
    const start = this.skip(length)
    return this.#buffer.subarray(start, start + length)
  }

  /** Null comes as empty. */
  list<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, item)
  }
}
