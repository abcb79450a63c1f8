import { CodecFailed } from '../../plugins/offline-kafka/errors.ts'
import { TickhouseError } from '../errors.ts'

/** The topic, or the partition of it that was asked for, does not exist. */
export class TopicMissing extends TickhouseError {
  constructor(topic: string, partition?: number, cause?: unknown) {
    const what = partition === undefined ? `topic ${topic}` : `partition ${partition} of topic ${topic}`
    super(
      'TOPIC_MISSING',
      `Kafka has no ${what}: make it with npm run set-up; the functions then go on by themselves`,
      { cause },
    )
  }
}

/** No broker answered as it should; the same call may succeed once it is back. */
export class KafkaUnavailable extends TickhouseError {
  constructor(doing: string, cause: unknown) {
    super('KAFKA_UNAVAILABLE', `Kafka is not available while ${doing}: ${reason(cause)}`, {
      cause,
      retryable: true,
    })
  }
}

/** Kafka answered with a refusal that repeating does not cure: login, permission, a malformed request. */
export class KafkaRefused extends TickhouseError {
  constructor(doing: string, cause: unknown) {
    super('KAFKA_REFUSED', `Kafka refuses while ${doing}: ${reason(cause)}`, { cause })
  }
}

/** A newer producer with the same transactional id took over. */
export class Fenced extends TickhouseError {
  constructor(transactionalId: string, cause: unknown) {
    super(
      'PRODUCER_FENCED',
      `The producer "${transactionalId}" was fenced by a newer one; open it again to go on`,
      {
        cause,
      },
    )
  }
}

/** The broker gave a transaction up that took longer than it may. */
export class TransactionTimedOut extends TickhouseError {
  constructor(transactionalId: string, timeoutMs: number, cause: unknown) {
    super(
      'TRANSACTION_TIMED_OUT',
      `A transaction of ${transactionalId} was not done within ${timeoutMs} ms; Kafka is slow, or this machine`,
      { cause, retryable: true },
    )
  }
}

/** Records were sent before `open`, or after an error. Call `open` and read the mark again before sending. */
export class TransactionNotOpen extends TickhouseError {
  constructor(transactionalId: string) {
    super('TRANSACTION_NOT_OPEN', `Open the transactions of ${transactionalId} first`)
  }
}

/** A compressed batch that its codec cannot read; nothing that repeating cures. */
export class BatchUnreadable extends TickhouseError {
  constructor(doing: string, cause: unknown) {
    super(
      'BATCH_UNREADABLE',
      `A compressed batch cannot be read while ${doing}: ${reason(cause)}; see what its producer wrote`,
      { cause },
    )
  }
}

/** A request that the topic's limit forbids; nothing that repeating cures. */
export class RecordTooLarge extends TickhouseError {
  constructor(topic: string, recordBytes: number, cause: unknown) {
    super(
      'RECORD_TOO_LARGE',
      `Topic ${topic} refuses a request whose largest record has ${recordBytes} bytes; ` +
        'raise max.message.bytes of the topic',
      { cause },
    )
  }
}

/** What a kafkajs error says of itself; `type` is Kafka's name of a protocol error. */
interface KafkajsError {
  name: string
  message: string
  type?: string
  retriable?: boolean
  cause?: unknown
}

const MISSING_TYPES = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION'])
const PASSING_TYPES = new Set(['BROKER_NOT_AVAILABLE', 'OFFSET_OUT_OF_RANGE'])
const REFUSAL_NAMES = new Set([
  'KafkaJSSASLAuthenticationError',
  'KafkaJSNotImplemented',
  'KafkaJSServerDoesNotSupportApiKey',
])
const TOO_LARGE_TYPES = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])

/**
 * kafkajs wraps what went wrong once or twice (retries exceeded, not retriable); this is the innermost error.
 * A thrown value that is not an error comes back as one.
 */
export function rootCause(error: unknown): KafkajsError {
  if (!(error instanceof Error)) return new Error(String(error))
  const { cause } = error
  return cause instanceof Error ? rootCause(cause) : error
}

/** True for Kafka's answer that a request or record is larger than the topic allows. */
export function isTooLarge(error: unknown): boolean {
  return TOO_LARGE_TYPES.has(rootCause(error).type ?? '')
}

/** True when the producer's epoch is over. Code 90 is PRODUCER_FENCED, which kafkajs 2.2.4 does not know by name. */
export function isFenced(error: unknown): boolean {
  const { type, message } = rootCause(error)
  return (
    type === 'INVALID_PRODUCER_EPOCH' ||
    (type === 'KAFKAJS_UNKNOWN_ERROR_CODE' && message === 'Unknown error code 90')
  )
}

/** True when an offset lies before the log's first record or after its end. */
export function isOutOfRange(error: unknown): boolean {
  return rootCause(error).type === 'OFFSET_OUT_OF_RANGE'
}

/**
 * Turns what kafkajs threw into one of this file's errors; errors of our own pass unchanged.
 * @param doing completes "Kafka is not available while …"
 * @param topic of the call, when it has only one, to be named when it does not exist
 */
export function kafkaError(error: unknown, doing: string, topic?: string): TickhouseError {
  if (error instanceof TickhouseError) return error
  if (error instanceof CodecFailed) return new BatchUnreadable(doing, error)
  const root = rootCause(error)
  if (MISSING_TYPES.has(root.type ?? '')) {
    return topic === undefined
      ? new KafkaUnavailable(doing, error)
      : new TopicMissing(topic, undefined, error)
  }
  return isRefusal(root) ? new KafkaRefused(doing, error) : new KafkaUnavailable(doing, error)
}

/** Protocol errors say themselves whether they pass, with two exceptions; of the others these three do not. */
function isRefusal({ name, type, retriable }: KafkajsError): boolean {
  return type === undefined ? REFUSAL_NAMES.has(name) : retriable === false && !PASSING_TYPES.has(type)
}

function reason(cause: unknown): string {
  return rootCause(cause).message
}
