import { setTimeout as sleep } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import type { KafkaRecord, LogPiece, OffsetRange, TopicLog, TopicTail } from '../ports.ts'
import { type FetchedPartition, ISOLATION } from './connection.ts'
import { isOutOfRange, kafkaError, TopicMissing } from './errors.ts'
import { LogSession } from './logSession.ts'
import { offsetAfter, type RawRecord, toKafkaRecord, visibleRecords } from './visible.ts'

/** New attempts, of which there is at least one, begin until this long after the first. */
const PATIENCE_MS = 10_000
const PAUSE_MS = 100

/** A first fetch asks for little; the next ones grow, up to more than any record batch has. */
const FIRST_FETCH_BYTES = 64 * 1024
const BULK_FETCH_BYTES = 1024 * 1024
/** Small, as the records of a piece are decoded without a pause: all other work of the process waits meanwhile. */
const PIECE_BYTES = 256 * 1024
const LARGEST_FETCH_BYTES = 32 * 1024 * 1024

/** The first read of `last`, in offsets; each further read is larger by the growth factor. */
const FIRST_WINDOW = 16
const WINDOW_GROWTH = 8

/**
 * Reads logs as a `read_committed` reader sees them, without a consumer group, over connections that stay open
 * until `close()`. Moved leaders and lost connections are found again; `KafkaUnavailable` when that takes too long.
 */
export class KafkaTopicLog implements TopicLog, TopicTail {
  readonly #kafka: Kafka
  #session: LogSession | undefined

  constructor(kafka: Kafka) {
    this.#kafka = kafka
  }

  topicId(topic: string): Promise<string | undefined> {
    return this.#attempt(topic, session => session.topicId(topic))
  }

  groupOffsets(groupId: string, topic: string): Promise<Map<number, number>> {
    return this.#attempt(topic, session => session.groupOffsets(groupId, topic))
  }

  offsets(topic: string): Promise<Map<number, OffsetRange>> {
    return this.#attempt(topic, session => session.ranges(topic))
  }

  /** Offsets that retention has taken count as the first one that is left. */
  firstFrom(topic: string, partition: number, offset: number): Promise<KafkaRecord | undefined> {
    return this.#attempt(topic, session => firstVisible(session, topic, partition, offset))
  }

  last(topic: string, partition: number): Promise<KafkaRecord | undefined> {
    return this.#attempt(topic, session => lastVisible(session, topic, partition))
  }

  async isCompacted(topic: string): Promise<boolean> {
    const policy = await this.#attempt(topic, session => session.setting(topic, 'cleanup.policy'))
    return policy?.split(',').includes('compact') ?? false
  }

  offsetsAt(topic: string, timestampMs: number): Promise<Map<number, number>> {
    return this.#attempt(topic, session => session.offsetsAt(topic, timestampMs))
  }

  /** Where retention has overtaken an offset, the piece begins with the first record that is left. */
  pieces(topic: string, from: ReadonlyMap<number, number>): Promise<LogPiece[]> {
    return this.#attempt(topic, session => piecesFrom(session, topic, from))
  }

  /** Where retention has overtaken `from`, the records that are left. */
  async *records(
    topic: string,
    partition: number,
    from: number,
    to: number,
  ): AsyncGenerator<readonly KafkaRecord[]> {
    for await (const { piece, start } of this.#pieces(topic, partition, from, to)) {
      const { messages, abortedTransactions } = piece
      yield visibleRecords(messages, abortedTransactions)
        .filter(({ offset }) => isWithin(offset, start, to))
        .map(toKafkaRecord)
    }
  }

  async unseen(topic: string, partition: number, from: number, to: number): Promise<number[]> {
    const found: number[] = []
    for await (const { piece, start } of this.#pieces(topic, partition, from, to)) {
      const { messages, abortedTransactions } = piece
      const visible = new Set(visibleRecords(messages, abortedTransactions))
      for (const message of messages) {
        if (!visible.has(message) && isWithin(message.offset, start, to)) found.push(Number(message.offset))
      }
    }
    return found
  }

  /** Fetched pieces of a partition that cover a stretch, each from its `start` on. The first and the last may have more. */
  async *#pieces(
    topic: string,
    partition: number,
    from: number,
    to: number,
  ): AsyncGenerator<{ piece: FetchedPartition; start: number }> {
    const { low } = await this.#attempt(topic, session => session.range(topic, partition))
    let position = Math.max(from, low)
    let maxBytes = BULK_FETCH_BYTES
    while (position < to) {
      const fetched = await this.#attempt(topic, session =>
        session.fetch(topic, partition, position, maxBytes),
      )
      yield { piece: fetched, start: position }
      const next = offsetAfter(fetched.messages)
      // Compaction leaves batches without records, which kafkajs skips: what is behind them needs a larger fetch.
      if (next === undefined && maxBytes === LARGEST_FETCH_BYTES) return
      maxBytes = next === undefined ? Math.min(maxBytes * 4, LARGEST_FETCH_BYTES) : BULK_FETCH_BYTES
      position = next ?? position
      if (position >= Number(fetched.lastStableOffset)) return
    }
  }

  /** Ends the connections; the next read makes new ones. */
  async close(): Promise<void> {
    const session = this.#session
    this.#session = undefined
    await session?.close()
  }

  async #attempt<T>(topic: string, read: (session: LogSession) => Promise<T>): Promise<T> {
    const giveUpAtMs = Date.now() + PATIENCE_MS
    for (let attempt = 1; ; attempt++) {
      this.#session ??= new LogSession(this.#kafka)
      const session = this.#session
      try {
        return await read(session)
      } catch (error) {
        const failure = kafkaError(error, `reading ${topic}`, topic)
        const mayBeStale = failure instanceof TopicMissing && attempt === 1
        if (mayBeStale) session.forget(topic)
        else if (failure.retryable) this.#drop(session)
        const isOver = attempt > 1 && Date.now() >= giveUpAtMs
        if (!mayBeStale && (!failure.retryable || isOver)) throw failure
        await sleep(PAUSE_MS)
      }
    }
  }

  #drop(session: LogSession): void {
    if (this.#session === session) this.#session = undefined
    session.close().catch(() => {})
  }
}

function isWithin(offset: string, from: number, to: number): boolean {
  return Number(offset) >= from && Number(offset) < to
}

async function firstVisible(
  session: LogSession,
  topic: string,
  partition: number,
  offset: number,
): Promise<KafkaRecord | undefined> {
  try {
    for await (const record of visibleFrom(session, topic, partition, offset)) return toKafkaRecord(record)
    return undefined
  } catch (error) {
    if (!isOutOfRange(error)) throw error
    const { low } = await session.range(topic, partition)
    return offset < low ? firstVisible(session, topic, partition, low) : undefined
  }
}

/** One piece of each partition. A partition whose log ends before the offset asked for gets an empty one. */
async function piecesFrom(
  session: LogSession,
  topic: string,
  from: ReadonlyMap<number, number>,
): Promise<LogPiece[]> {
  const partitions = await session.partitions(topic)
  const offsets = new Map(partitions.map(partition => [partition, from.get(partition) ?? 0]))
  try {
    return await fetchPieces(session, topic, offsets)
  } catch (error) {
    if (!isOutOfRange(error)) throw error
    return piecesInRange(session, topic, offsets)
  }
}

/** Pieces where some logs have lost the offset asked for, at their start or their end. */
async function piecesInRange(
  session: LogSession,
  topic: string,
  offsets: ReadonlyMap<number, number>,
): Promise<LogPiece[]> {
  const ranges = await session.ranges(topic)
  const lost: LogPiece[] = []
  const left = new Map<number, number>()
  for (const [partition, offset] of offsets) {
    const { low, high } = ranges.get(partition) ?? { low: 0, high: 0 }
    if (offset > high) lost.push({ partition, records: [], next: offset, end: high })
    else left.set(partition, Math.max(offset, low))
  }
  return left.size === 0 ? lost : [...lost, ...(await fetchPieces(session, topic, left))]
}

async function fetchPieces(
  session: LogSession,
  topic: string,
  offsets: ReadonlyMap<number, number>,
): Promise<LogPiece[]> {
  const fetched = await session.fetchAll(topic, offsets, PIECE_BYTES)
  return Promise.all(
    fetched.map(each => pieceOf(session, topic, offsets.get(each.partition)!, PIECE_BYTES, each)),
  )
}

/** The piece that was fetched; fetches a larger one where it has no records. */
async function pieceOf(
  session: LogSession,
  topic: string,
  from: number,
  maxBytes: number,
  { partition, messages, abortedTransactions, lastStableOffset }: FetchedPartition,
): Promise<LogPiece> {
  const end = Number(lastStableOffset)
  const next = offsetAfter(messages)
  if (next === undefined && from < end && maxBytes < LARGEST_FETCH_BYTES) {
    // Compaction leaves batches without records, which kafkajs skips.
    const largerBytes = maxBytes * 4
    const fetched = await session.fetch(topic, partition, from, largerBytes)
    return pieceOf(session, topic, from, largerBytes, fetched)
  }
  const records = visibleRecords(messages, abortedTransactions)
    .filter(({ offset }) => Number(offset) >= from)
    .map(toKafkaRecord)
  return { partition, records, next: next ?? Math.max(from, end), end }
}

/** Walks backwards in growing windows, each of which is read forwards. */
async function lastVisible(
  session: LogSession,
  topic: string,
  partition: number,
): Promise<KafkaRecord | undefined> {
  const { low, high } = await session.range(topic, partition, ISOLATION.readCommitted)
  let window = FIRST_WINDOW
  for (let end = high; end > low; end -= window, window *= WINDOW_GROWTH) {
    const start = Math.max(low, end - window)
    let newest: RawRecord | undefined
    for await (const record of visibleFrom(session, topic, partition, start)) {
      if (Number(record.offset) >= end) break
      newest = record
    }
    if (newest) return toKafkaRecord(newest)
  }
  return undefined
}

/** The visible records from `offset` on, to the log's end as it is when we get there. */
async function* visibleFrom(
  session: LogSession,
  topic: string,
  partition: number,
  offset: number,
): AsyncGenerator<RawRecord> {
  let position = offset
  let maxBytes = FIRST_FETCH_BYTES
  for (;;) {
    const fetched = await session.fetch(topic, partition, position, maxBytes)
    for (const record of visibleRecords(fetched.messages, fetched.abortedTransactions)) {
      if (Number(record.offset) >= position) yield record
    }
    const next = offsetAfter(fetched.messages)
    // Compaction leaves batches without records, which kafkajs skips: what is behind them needs a larger fetch.
    if (next === undefined && maxBytes === LARGEST_FETCH_BYTES) return
    position = next ?? position
    if (position >= Number(fetched.lastStableOffset)) return
    maxBytes = Math.min(maxBytes * 4, LARGEST_FETCH_BYTES)
  }
}
