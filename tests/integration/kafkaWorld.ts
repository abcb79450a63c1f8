import kafkajs, { type Kafka } from 'kafkajs'
import { inject } from 'vitest'
import { ensureTopics } from '../../lib/kafka/admin.ts'
import { kafkaClient } from '../../lib/kafka/client.ts'
import { setGroupOffsets } from '../../lib/kafka/groupOffsets.ts'
import { topicMessages } from '../../lib/kafka/requests.ts'
import { KafkaTopicLog } from '../../lib/kafka/topicLog.ts'
import { KafkaTopicWriter } from '../../lib/kafka/topicWriter.ts'
import { KafkaTransactionalWriter, type TransactionOptions } from '../../lib/kafka/transactionalWriter.ts'
import type { TopicLogWorld, WorldTransaction } from '../contracts/topicLog.ts'
import type { TransactionalWriterWorld } from '../contracts/transactionalWriter.ts'
import type { RecordContents } from '../support/memoryTopicLog.ts'

/** The brokers of the tests' sandbox. */
export function brokers(): string[] {
  return inject('sandboxEnv').KAFKA_BROKERS!.split(',')
}

/** Real topics on a real broker. */
export class KafkaWorld implements TopicLogWorld, TransactionalWriterWorld {
  readonly kafka: Kafka = kafkaClient({
    brokers: brokers(),
    clientId: 'tickhouse-tests',
    auth: undefined,
    tls: false,
  })
  readonly log = new KafkaTopicLog(this.kafka)
  readonly writer = new KafkaTopicWriter(this.kafka)
  readonly #open: { close(): Promise<void> }[] = []

  async createTopic(partitions: number, config: Record<string, string> = {}) {
    const topic = `test-${crypto.randomUUID()}`
    await ensureTopics(this.kafka, [{ topic, partitions, config }])
    return topic
  }

  /** Resolves once nobody sees it any more. */
  async deleteTopic(topic: string) {
    await this.#administer(async admin => {
      await admin.deleteTopics({ topics: [topic] })
      while ((await admin.listTopics()).includes(topic));
    })
  }

  /** Resolves once they are seen: kafkajs says nothing and sends nothing to a partition that it does not know. */
  async addPartitions(topic: string, count: number) {
    await this.#administer(async admin => {
      await admin.createPartitions({ topicPartitions: [{ topic, count }] })
      const seen = async () =>
        (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions.length
      while ((await seen()) !== count);
    })
  }

  async settingOf(topic: string, name: string): Promise<string | undefined> {
    const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: [name] }]
    const described = await this.#administer(admin =>
      admin.describeConfigs({ resources, includeSynonyms: false }),
    )
    return described.resources[0]?.configEntries[0]?.configValue
  }

  async recreateTopic(topic: string, partitions: number) {
    await this.deleteTopic(topic)
    await ensureTopics(this.kafka, [{ topic, partitions, config: {} }])
  }

  async append(topic: string, partition: number, contents: readonly RecordContents[]) {
    await this.writer.send(
      contents.map(({ key = null, value = null, ...rest }) => ({ topic, partition, key, value, ...rest })),
    )
  }

  /** By kafkajs itself, so that it can be left open. */
  async begin(transactionalId: string = crypto.randomUUID()): Promise<WorldTransaction> {
    const producer = this.kafka.producer({ transactionalId, maxInFlightRequests: 1 })
    this.#open.push({ close: () => producer.disconnect() })
    await producer.connect()
    const transaction = await producer.transaction()
    return {
      append: async (topic, partition, contents) => {
        const records = contents.map(({ key = null, value = null, ...rest }) => ({
          topic,
          partition,
          key,
          value,
          ...rest,
        }))
        await transaction.sendBatch({ acks: -1, topicMessages: topicMessages(records) })
      },
      commit: () => transaction.commit(),
      abort: () => transaction.abort(),
    }
  }

  commitGroup(groupId: string, topic: string, offsets: ReadonlyMap<number, number>) {
    return setGroupOffsets(this.kafka, groupId, topic, offsets)
  }

  async cutBelow(topic: string, partition: number, offset: number) {
    const partitions = [{ partition, offset: String(offset) }]
    await this.log.offsets(topic) // Waits until each partition has its leader.
    await this.#administer(async admin => {
      await admin.fetchTopicOffsets(topic) // kafkajs's deletion takes the leaders that another call has found.
      await admin.deleteTopicRecords({ topic, partitions })
    })
  }

  transactionalWriter(transactionalId: string, options: Partial<TransactionOptions> = {}) {
    const writer = new KafkaTransactionalWriter(this.kafka, { transactionalId, ...options })
    this.#open.push(writer)
    return writer
  }

  async close() {
    await Promise.all([this.log, this.writer, ...this.#open].map(each => each.close()))
  }

  async #administer<T>(run: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin()
    await admin.connect()
    try {
      return await run(admin)
    } finally {
      await admin.disconnect()
    }
  }
}
