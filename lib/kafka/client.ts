import kafkajs, { type Kafka, type KafkaConfig, type SASLOptions } from 'kafkajs'
import { registerCodecs } from '../../plugins/offline-kafka/kafkajs/codecs.ts'
import { silenceNegativeTimeouts } from '../../plugins/offline-kafka/kafkajs/warnings.ts'
import { jsonLog, type WriteLine } from './logger.ts'

/** How to reach a cluster; `auth` without `tls` sends the password in the clear, which only a sandbox should do. */
export interface KafkaSettings {
  /** Addresses as host:port. */
  brokers: readonly string[]
  clientId: string
  auth: KafkaAuth | undefined
  tls: boolean
}

/** A SASL login. */
export interface KafkaAuth {
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  username: string
  password: string
}

/**
 * A kafkajs client that reads every compression codec and logs warnings and errors as JSON lines on stderr.
 * It connects to nothing yet. A broker that is away is tried for about 7 s before a call fails.
 */
export function kafkaClient(settings: KafkaSettings, write: WriteLine = console.error): Kafka {
  silenceNegativeTimeouts()
  registerCodecs()
  return new kafkajs.Kafka(clientConfig(settings, write))
}

function clientConfig({ brokers, clientId, auth, tls }: KafkaSettings, write: WriteLine): KafkaConfig {
  return {
    brokers: [...brokers],
    clientId,
    ssl: tls,
    ...(auth ? { sasl: auth as SASLOptions } : {}),
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 7 },
    logLevel: kafkajs.logLevel.WARN,
    logCreator: jsonLog(write),
  }
}
