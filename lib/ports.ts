/** Files under full URIs (`s3://bucket/key`): S3, or memory in unit tests. A file, once written, never changes. */
export interface ObjectStore {
  /** The bytes of a file. Throws `ObjectMissing` when there is none. */
  read(uri: string): Promise<Uint8Array>
  /** The bytes of a file from `from` to `to` (not included). Throws `ObjectMissing`; `UnreadableFile` if it ends before `to`. */
  readRange(uri: string, from: number, to: number): Promise<Uint8Array>
  write(uri: string, bytes: Uint8Array): Promise<void>
  /** Removes a file; one that is not there is removed already. */
  remove(uri: string): Promise<void>
  /** All files whose URIs begin with `prefix`, in pages of at most a thousand. */
  list(prefix: string): AsyncIterable<readonly StoredFile[]>
}

/** A file as a listing tells of it. */
export interface StoredFile {
  readonly uri: string
  readonly sizeBytes: number
  /** When it was written, milliseconds since 1970, by the store's clock. */
  readonly modifiedMs: number
}

/** A header's name may stand more than once: then it has a list of values. */
export type Headers = Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>
export type HeaderValue = Uint8Array | string

/** One record of a Kafka topic, as a `read_committed` reader sees it. */
export interface KafkaRecord {
  offset: number
  /** Milliseconds since 1970, as the topic's timestamp type defines it. */
  timestampMs: number
  key: Uint8Array | null
  value: Uint8Array | null
  headers: Headers
}

/** Consecutive records of one partition, in the order of their offsets. */
export interface RecordBatch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly KafkaRecord[]
}

/** Offsets a partition holds: `low` is the first one kept, `high` the next one to be written. */
export interface OffsetRange {
  low: number
  high: number
}

/** Reads of a topic's log that need no consumer group. An unknown topic throws `TopicMissing`. */
export interface TopicLog {
  /** Kafka's id of the topic; a topic of the same name that is made later has another. Undefined where the broker has no ids. */
  topicId(topic: string): Promise<string | undefined>
  /** A consumer group's next offsets, by partition; partitions without a committed offset are left out. */
  groupOffsets(groupId: string, topic: string): Promise<Map<number, number>>
  /** Of every partition of the topic. */
  offsets(topic: string): Promise<Map<number, OffsetRange>>
  /** The first record at or after `offset` that a `read_committed` reader sees, or undefined at the log's end. */
  firstFrom(topic: string, partition: number, offset: number): Promise<KafkaRecord | undefined>
  /** True when Kafka may remove a record once a newer one has its key. */
  isCompacted(topic: string): Promise<boolean>
  /** Offsets of a stretch that no reader sees: transaction markers, and records of aborted transactions. */
  unseen(topic: string, partition: number, from: number, to: number): Promise<number[]>
  /** The newest record that a `read_committed` reader sees, or undefined when there is none. */
  last(topic: string, partition: number): Promise<KafkaRecord | undefined>
  /** All records from one offset to another (not included) that a `read_committed` reader sees, some at a time. */
  records(topic: string, partition: number, from: number, to: number): AsyncIterable<readonly KafkaRecord[]>
}

/** Records of one partition from an offset on, as many as one fetch returns. */
export interface LogPiece {
  readonly partition: number
  /** Those that a `read_committed` reader sees, in the order of their offsets. */
  readonly records: readonly KafkaRecord[]
  /** The offset at which the next piece begins. */
  readonly next: number
  /** The end of the log for a `read_committed` reader; before the offset asked for when the log has lost its end. */
  readonly end: number
}

/** Reads of a topic's newest records, of all partitions at once. An unknown topic throws `TopicMissing`. */
export interface TopicTail extends Pick<TopicLog, 'topicId' | 'offsets' | 'firstFrom'> {
  /**
   * By partition, the first offset whose record has this timestamp or a later one; partitions without such a record are left
   * out. Records after it may have earlier timestamps; records before it always have.
   */
  offsetsAt(topic: string, timestampMs: number): Promise<Map<number, number>>
  /** A piece of every partition from the given offset on, or from 0 where none is given. */
  pieces(topic: string, from: ReadonlyMap<number, number>): Promise<readonly LogPiece[]>
}

/** A record to be produced. */
export interface OutgoingRecord {
  topic: string
  partition?: number
  /** Chooses the partition in the key's place. */
  partitionKey?: string
  key: Uint8Array | string | null
  value: Uint8Array | string | null
  headers?: Headers
  timestampMs?: number
}

/** Acknowledged (acks=all) production of records, in bounded requests. */
export interface TopicWriter {
  send(records: readonly OutgoingRecord[]): Promise<void>
}

/** Runs one SQL statement to its end and gives its rows; values as JSON gives them. */
export interface Query {
  rows<Row>(sql: string, options?: QueryOptions): Promise<Row[]>
}

/** How one statement is run. */
export interface QueryOptions {
  /** How long it may take, where that is less than the connection's own limit. */
  readonly timeoutMs?: number | undefined
}

/** Says what an operator should see; `fields` are for machines. Never given the contents of a tick. */
export interface Log {
  /** How work that takes long goes on. */
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  /** One line an invocation, when it is done. */
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
}
