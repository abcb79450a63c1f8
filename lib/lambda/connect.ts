import { RestCatalog } from '../iceberg/restCatalog.ts'
import { S3Store } from '../iceberg/s3Store.ts'
import { newTrust, type Trust } from '../ingest/admit.ts'
import { ensureTopics } from '../kafka/admin.ts'
import { kafkaClient } from '../kafka/client.ts'
import { KafkaTopicLog } from '../kafka/topicLog.ts'
import { setTopicSettings } from '../kafka/topicSettings.ts'
import { KafkaTopicWriter } from '../kafka/topicWriter.ts'
import { KafkaTransactionalWriter, type TransactionalWriter } from '../kafka/transactionalWriter.ts'
import { FollowTicks } from '../live/followTicks.ts'
import type { LiveTicks } from '../live/liveLook.ts'
import type { Log } from '../ports.ts'
import type { Published } from '../publish/publishCandles.ts'
import type { Services } from '../services.ts'
import type { SetUpServices } from '../setup/setUp.ts'
import { Stages } from '../stages.ts'
import { TrinoQuery } from '../trino/client.ts'
import { pingTrino } from '../trino/ping.ts'
import type { Config } from './config.ts'
import type { PublishStarter } from './publishStarter.ts'

/** Every adapter, and what a warm process remembers. */
export interface Connections extends Services {
  readonly candleWriter: TransactionalWriter
  readonly ensureTopics: SetUpServices['ensureTopics']
  readonly setTopicSettings: SetUpServices['setTopicSettings']
  readonly brokers: string
  readonly trust: Trust
  readonly published: Published
  /** Undefined where it is switched off, or where the process ends before it has read anything. */
  readonly live: LiveTicks | undefined
  /** Throws unless Trino takes statements. */
  pingTrino(): Promise<void>
  /** Starts the function `publish`; never fails. */
  startPublish(): Promise<void>
  /** Ends all connections; a short-lived command calls it, a function stays warm. */
  close(): Promise<void>
}

/** Builds the adapters. Nothing is connected before it is used. */
export function connect(config: Config, log: Log): Connections {
  const kafka = kafkaClient(config.kafka)
  const store = new S3Store(config.store)
  const topicLog = new KafkaTopicLog(kafka)
  const topicWriter = new KafkaTopicWriter(kafka)
  // One function of the seven starts another: the rest need not hold the client in memory.
  let publish: Promise<PublishStarter> | undefined
  const publishStarter = () => {
    publish ??= import('./publishStarter.ts').then(module => new module.PublishStarter(config.publish, log))
    return publish
  }
  const { settings } = config
  const isFollowing = config.liveCandles && !config.isOneShot
  const live = isFollowing
    ? new FollowTicks({ topicTail: topicLog, settings, log, nowMs: Date.now })
    : undefined
  const candleWriter = new KafkaTransactionalWriter(kafka, { transactionalId: config.publisherId })
  return {
    catalog: new RestCatalog(config.catalog),
    store,
    topicLog,
    topicWriter,
    candleWriter,
    query: new TrinoQuery(config.trino),
    ensureTopics: specs => ensureTopics(kafka, specs),
    setTopicSettings: changes => setTopicSettings(kafka, changes),
    brokers: config.kafka.brokers.join(),
    trust: newTrust(),
    published: { mark: undefined },
    live,
    pingTrino: () => pingTrino(config.trino),
    startPublish: async () => (await publishStarter()).start(),
    settings,
    log,
    stages: new Stages(),
    nowMs: Date.now,
    close: async () => {
      store.close()
      const starter = await publish
      starter?.close()
      await live?.close()
      await Promise.all([topicLog.close(), topicWriter.close(), candleWriter.close()])
    },
  }
}
