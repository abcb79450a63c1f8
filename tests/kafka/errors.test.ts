import kafkajs from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { BatchUnreadable, isFenced, kafkaError, TopicMissing } from '../../lib/kafka/errors.ts'
import { CodecFailed } from '../../plugins/offline-kafka/errors.ts'

function protocolError(type: string, retriable: boolean, message = type): Error {
  return Object.assign(new kafkajs.KafkaJSProtocolError(message), { type, retriable })
}

function loginError(message: string): Error {
  return Object.assign(new Error(message), { name: 'KafkaJSSASLAuthenticationError', retriable: false })
}

function afterRetries(cause: Error): Error {
  return new kafkajs.KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 5, retryTime: 1, cause } as never)
}

describe('kafkaError', () => {
  it.each([
    [protocolError('LEADER_NOT_AVAILABLE', true), 'KAFKA_UNAVAILABLE', true],
    [protocolError('OFFSET_OUT_OF_RANGE', false), 'KAFKA_UNAVAILABLE', true],
    [protocolError('TOPIC_AUTHORIZATION_FAILED', false), 'KAFKA_REFUSED', false],
    [protocolError('UNKNOWN_TOPIC_OR_PARTITION', true), 'TOPIC_MISSING', false],
    [new kafkajs.KafkaJSConnectionError('connect ECONNREFUSED'), 'KAFKA_UNAVAILABLE', true],
    [loginError('wrong password'), 'KAFKA_REFUSED', false],
    ['a text', 'KAFKA_UNAVAILABLE', true],
  ])('makes of %s, also behind exceeded retries, %s, retryable: %s', (error, code, retryable) => {
    expect(kafkaError(error, 'testing', 'topic')).toMatchObject({ code, retryable, cause: error })
    if (error instanceof Error) {
      expect(kafkaError(afterRetries(error), 'testing', 'topic')).toMatchObject({ code, retryable })
    }
  })

  it('makes of a batch that its codec cannot read BatchUnreadable, which is not retryable', () => {
    const error = kafkaError(new CodecFailed('LZ4 block is cut off'), 'reading ticks', 'ticks')
    expect(error).toBeInstanceOf(BatchUnreadable)
    expect(error.retryable).toBe(false)
    expect(error.message).toContain('while reading ticks: LZ4 block is cut off')
  })

  it('says what was going on and why it failed', () => {
    const error = kafkaError(
      afterRetries(new kafkajs.KafkaJSConnectionError('ECONNREFUSED')),
      'reading ticks',
    )
    expect(error.message).toBe('Kafka is not available while reading ticks: ECONNREFUSED')
  })

  it('passes an error of our own unchanged', () => {
    const error = new TopicMissing('topic')
    expect(kafkaError(error, 'testing')).toBe(error)
  })
})

describe('isFenced', () => {
  it('knows both of the names Kafka has for it, one of which kafkajs has not', () => {
    expect(isFenced(afterRetries(protocolError('INVALID_PRODUCER_EPOCH', false)))).toBe(true)
    expect(isFenced(protocolError('KAFKAJS_UNKNOWN_ERROR_CODE', false, 'Unknown error code 90'))).toBe(true)
    expect(isFenced(protocolError('KAFKAJS_UNKNOWN_ERROR_CODE', false, 'Unknown error code 91'))).toBe(false)
    expect(isFenced(protocolError('CONCURRENT_TRANSACTIONS', true))).toBe(false)
  })
})
