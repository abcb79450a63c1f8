import kafkajs, { type Kafka, type SASLOptions } from 'kafkajs'
import type { Mapping } from '../config/definition.ts'
import type { Settings } from '../config/settings.ts'
import type { Log } from '../host.ts'
import { registerCodecs } from './codecs.ts'
import { silenceNegativeTimeouts } from './warnings.ts'

/** A kafkajs client of the mapping's cluster; what kafkajs says of its own retries goes to `log.debug`. */
export function createClient(mapping: Mapping, settings: Settings, log: Log): Kafka {
  registerCodecs()
  silenceNegativeTimeouts()
  return new kafkajs.Kafka({
    clientId: settings.clientId,
    brokers: [...(settings.brokers ?? mapping.bootstrapServers)],
    ssl: settings.ssl,
    ...(settings.sasl && { sasl: settings.sasl as SASLOptions }),
    connectionTimeout: 3000,
    requestTimeout: 15_000,
    // Few and quick: the subscription starts anew, for as long as it takes, when these are used up.
    retry: { retries: 3, initialRetryTime: 200, maxRetryTime: 2000, restartOnFailure: async () => false },
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => entry => log.debug(`kafkajs: ${entry.log.message} ${entry.log.error ?? ''}`),
  })
}
