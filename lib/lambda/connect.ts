import { RestCatalog } from '../iceberg/restCatalog.ts'
import { S3Store } from '../iceberg/s3Store.ts'
import { newTrust, type Trust } from '../ingest/admit.ts'
import type { KafkaAdapters } from '../kafka/adapters.ts'
import { LazyTopicLog } from '../kafka/lazyTopicLog.ts'
import type { TransactionalWriter } from '../kafka/transactionalWriter.ts'
import { FollowTicks } from '../live/followTicks.ts'
import type { LiveTicks } from '../live/liveLook.ts'
import type { Log } from '../ports.ts'
import type { Published } from '../publish/publishCandles.ts'
import type { Services } from '../services.ts'
import type { SetUpServices } from '../setup/setUp.ts'
import { Stages } from '../stages.ts'
import { TrinoQuery } from '../trino/client.ts'
import { pingTrino } from '../trino/ping.ts'
import type { Config, HttpSettings } from './config.ts'
import type { PublishStarter } from './publishStarter.ts'

/** Every adapter, and what a warm process remembers. */
export interface Connections extends Services {
  readonly candleWriter: TransactionalWriter
  readonly ensureTopics: SetUpServices['ensureTopics']
  readonly setTopicSettings: SetUpServices['setTopicSettings']
  readonly brokers: string
  readonly http: HttpSettings
  readonly trust: Trust
  readonly published: Published
  /** Undefined where `LIVE_CANDLES` is off, and in a process that serves one call. */
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
  const { settings } = config
  const store = new S3Store(config.store)
  let loading: Promise<KafkaAdapters> | undefined
  const kafka = () => {
    loading ??= import('../kafka/adapters.ts').then(({ kafkaAdapters }) =>
      kafkaAdapters(config.kafka, config.publisherId),
    )
    return loading
  }
  const topicLog = new LazyTopicLog(async () => (await kafka()).topicLog)
  const isFollowing = config.liveCandles && !config.isOneShot
  const live = isFollowing
    ? new FollowTicks({ topicTail: topicLog, settings, log, nowMs: Date.now })
    : undefined
  // One function of the seven starts another: the rest need not hold the client in memory.
  let publish: Promise<PublishStarter> | undefined
  const publishStarter = () => {
    publish ??= import('./publishStarter.ts').then(module => new module.PublishStarter(config.publish, log))
    return publish
  }
  return {
    catalog: new RestCatalog(config.catalog),
    store,
    topicLog,
    topicWriter: { send: async records => (await kafka()).topicWriter.send(records) },
    candleWriter: {
      open: async () => (await kafka()).candleWriter.open(),
      send: async records => (await kafka()).candleWriter.send(records),
      close: async () => (await kafka()).candleWriter.close(),
    },
    query: new TrinoQuery(config.trino),
    ensureTopics: async specs => (await kafka()).ensureTopics(specs),
    setTopicSettings: async changes => (await kafka()).setTopicSettings(changes),
    brokers: config.kafka.brokers.join(),
    http: config.http,
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
      await (await loading)?.close()
    },
  }
}
