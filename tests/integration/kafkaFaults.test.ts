import net from 'node:net'
import tls from 'node:tls'
import kafkajs, { type ISocketFactory } from 'kafkajs'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { kafkaClient } from '../../lib/kafka/client.ts'
import type { KafkaUnavailable } from '../../lib/kafka/errors.ts'
import { KafkaTopicLog } from '../../lib/kafka/topicLog.ts'
import { KafkaTopicWriter } from '../../lib/kafka/topicWriter.ts'
import { KafkaTransactionalWriter } from '../../lib/kafka/transactionalWriter.ts'
import type { OutgoingRecord } from '../../lib/ports.ts'
import { texts } from '../contracts/topicLog.ts'
import { brokers, KafkaWorld } from './kafkaWorld.ts'

const world = new KafkaWorld()
afterAll(() => world.close())

/** Every connection of the client under test, to be cut. */
const sockets = new Set<net.Socket>()
const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl ? tls.connect({ host, port, ...ssl }, onConnect) : net.connect({ host, port }, onConnect)
  sockets.add(socket)
  return socket
}
const kafka = new kafkajs.Kafka({
  brokers: brokers(),
  socketFactory,
  logLevel: kafkajs.logLevel.NOTHING,
  retry: { initialRetryTime: 50, retries: 5 },
})

function cutConnections(): void {
  for (const socket of sockets) socket.destroy(new Error('cut by the test'))
  sockets.clear()
}

function record(topic: string, value: string): OutgoingRecord {
  return { topic, partition: 0, key: null, value }
}

async function lastText(topic: string): Promise<string | undefined> {
  const last = await world.log.last(topic, 0)
  return last && Buffer.from(last.value!).toString()
}

describe('after all connections were cut', () => {
  const log = new KafkaTopicLog(kafka)
  const writer = new KafkaTopicWriter(kafka)
  const transactions = new KafkaTransactionalWriter(kafka, { transactionalId: crypto.randomUUID() })
  afterEach(() => Promise.all([log.close(), writer.close(), transactions.close()]))

  it('a log is read again, 3 times', async () => {
    const topic = await world.createTopic(1)
    await world.append(topic, 0, texts('a'))
    for (let i = 0; i < 3; i++) {
      expect((await log.last(topic, 0))?.offset).toBe(0)
      cutConnections()
    }
    expect((await log.offsets(topic)).get(0)).toEqual({ low: 0, high: 1 })
  })

  it('10 reads under way at once all find their record', async () => {
    const topic = await world.createTopic(1)
    await world.append(topic, 0, texts('a'))
    await log.last(topic, 0)
    const reads = Array.from({ length: 10 }, () => log.firstFrom(topic, 0, 0))
    cutConnections()
    expect((await Promise.all(reads)).map(found => found?.offset)).toEqual(Array(10).fill(0))
  })

  it('a writer goes on', async () => {
    const topic = await world.createTopic(1)
    await writer.send([record(topic, 'a')])
    cutConnections()
    await expect.poll(() => writer.send([record(topic, 'b')]).then(() => 'sent')).toBe('sent')
    expect(await lastText(topic)).toBe('b')
  })

  it('a transaction is visible exactly if its send succeeded, and the writer works again at its next open', async () => {
    const topic = await world.createTopic(1)
    await transactions.open()
    const sending = transactions.send([record(topic, 'x')]).then(
      () => 'sent',
      (error: KafkaUnavailable) => error.code,
    )
    cutConnections()
    const outcome = await sending
    await transactions.open()
    const seen = await lastText(topic)
    if (outcome === 'sent') expect(seen).toBe('x')
    else expect(outcome).toBe('KAFKA_UNAVAILABLE')
    await transactions.send([record(topic, 'a')])
    await expect.poll(() => lastText(topic)).toBe('a')
    const first = await world.log.firstFrom(topic, 0, 0)
    expect(String(first?.value)).toBe(seen ?? 'a')
  })
})

describe('a broker that is not there', () => {
  it('is named in a KafkaUnavailable of log, writer and transactional writer', async () => {
    const settings = { brokers: ['127.0.0.1:1'], clientId: 'tests', auth: undefined, tls: false }
    const nowhere = kafkaClient(settings, () => {})
    const attempts = [
      new KafkaTopicLog(nowhere).last('topic', 0),
      new KafkaTopicWriter(nowhere).send([record('topic', 'a')]),
      new KafkaTransactionalWriter(nowhere, { transactionalId: 'id' }).open(),
    ]
    await Promise.all(
      attempts.map(attempt => expect(attempt).rejects.toThrow(/not available.*127\.0\.0\.1:1/)),
    )
  })
})
