import type { Kafka } from 'kafkajs'
import { inject } from 'vitest'
import { ensureTopics } from '../../lib/kafka/admin.ts'
import { kafkaClient } from '../../lib/kafka/client.ts'
import { KafkaTopicLog } from '../../lib/kafka/topicLog.ts'
import { KafkaTopicWriter } from '../../lib/kafka/topicWriter.ts'
import { KafkaTransaction } from '../../lib/kafka/transaction.ts'
import type { TopicLogWorld, WorldTransaction } from '../contracts/topicLog.ts'
import type { TransactionWorld } from '../contracts/topicTransaction.ts'
import type { RecordContents } from '../support/memoryTopicLog.ts'

/** The brokers of the tests' sandbox. */
export function brokers(): string[] {
  return inject('sandboxEnv').KAFKA_BROKERS!.split(',')
}

/** Real topics on a real broker. */
export class KafkaWorld implements TopicLogWorld, TransactionWorld {
  readonly kafka: Kafka = kafkaClient({
    brokers: brokers(),
    clientId: 'tickhouse-tests',
    auth: undefined,
    tls: false,
  })
  readonly log = new KafkaTopicLog(this.kafka)
  readonly writer = new KafkaTopicWriter(this.kafka)
  readonly #transactions: KafkaTransaction[] = []

  async createTopic(partitions: number, config: Record<string, string> = {}) {
    const topic = `test-${crypto.randomUUID()}`
    await ensureTopics(this.kafka, [{ topic, partitions, config }])
    return topic
  }

  async recreateTopic(topic: string, partitions: number) {
    await this.#administer(admin => admin.deleteTopics({ topics: [topic] }))
    await ensureTopics(this.kafka, [{ topic, partitions, config: {} }])
  }

  async append(topic: string, partition: number, contents: readonly RecordContents[]) {
    await this.writer.send(
      contents.map(({ key = null, value = null, ...rest }) => ({ topic, partition, key, value, ...rest })),
    )
  }

  async begin(): Promise<WorldTransaction> {
    const transaction = this.transaction(crypto.randomUUID())
    await transaction.open()
    return {
      append: (topic, partition, contents) =>
        transaction.send(
          contents.map(({ key = null, value = null, ...rest }) => ({
            topic,
            partition,
            key,
            value,
            ...rest,
          })),
        ),
      commit: () => transaction.commit(),
      abort: () => transaction.abort(),
    }
  }

  async cutBelow(topic: string, partition: number, offset: number) {
    const partitions = [{ partition, offset: String(offset) }]
    await this.#administer(async admin => {
      await admin.fetchTopicOffsets(topic) // kafkajs's deletion takes the leaders that another call has found.
      await admin.deleteTopicRecords({ topic, partitions })
    })
  }

  transaction(transactionalId: string) {
    const transaction = new KafkaTransaction(this.kafka, { transactionalId })
    this.#transactions.push(transaction)
    return transaction
  }

  async close() {
    await Promise.all([this.log, this.writer, ...this.#transactions].map(each => each.close()))
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
