import type { TopicWriter } from '../ports.ts'
import { ensureTopics, type TopicDifference, type TopicSpec } from './admin.ts'
import { type KafkaSettings, kafkaClient } from './client.ts'
import { KafkaTopicLog } from './topicLog.ts'
import { setTopicSettings, type TopicSetting } from './topicSettings.ts'
import { KafkaTopicWriter } from './topicWriter.ts'
import { KafkaTransactionalWriter, type TransactionalWriter } from './transactionalWriter.ts'

/** All adapters of one Kafka cluster. */
export interface KafkaAdapters {
  readonly topicLog: KafkaTopicLog
  readonly topicWriter: TopicWriter
  readonly candleWriter: TransactionalWriter
  ensureTopics(specs: readonly TopicSpec[]): Promise<TopicDifference[]>
  setTopicSettings(settings: readonly TopicSetting[]): Promise<void>
  /** Ends all connections. */
  close(): Promise<void>
}

/** Builds the adapters. Nothing is connected before it is used. */
export function kafkaAdapters(settings: KafkaSettings, transactionalId: string): KafkaAdapters {
  const kafka = kafkaClient(settings)
  const topicLog = new KafkaTopicLog(kafka)
  const topicWriter = new KafkaTopicWriter(kafka)
  const candleWriter = new KafkaTransactionalWriter(kafka, { transactionalId })
  return {
    topicLog,
    topicWriter,
    candleWriter,
    ensureTopics: specs => ensureTopics(kafka, specs),
    setTopicSettings: changes => setTopicSettings(kafka, changes),
    close: async () => {
      await Promise.all([topicLog.close(), topicWriter.close(), candleWriter.close()])
    },
  }
}
