import type { Kafka } from 'kafkajs'
import Decoder from 'kafkajs/src/protocol/decoder.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js'
import { createCluster } from './connection.ts'
import { kafkaError } from './errors.ts'

/** A setting of a topic, by its Kafka name, and its new value. */
export interface TopicSetting {
  readonly topic: string
  readonly setting: string
  readonly value: string
}

/** The API key of IncrementalAlterConfigs (Kafka 2.3). AlterConfigs of kafkajs would reset all settings that it does not name. */
const INCREMENTAL_ALTER_CONFIGS = { apiKey: 44, apiVersion: 0, apiName: 'IncrementalAlterConfigs' }
const TOPIC = 2
const SET = 0

/** Sets these settings, and leaves all others as they are. */
export async function setTopicSettings(kafka: Kafka, settings: readonly TopicSetting[]): Promise<void> {
  if (settings.length === 0) return
  const cluster = createCluster(kafka)
  try {
    await cluster.connect()
    await cluster.refreshMetadata()
    const controller = await cluster.findControllerBroker()
    await controller.connectionPool.send({
      request: { ...INCREMENTAL_ALTER_CONFIGS, encode: async () => alterRequest(settings) },
      response: { decode: async payload => decode(payload), parse: async answer => answer.forEach(check) },
    })
  } catch (error) {
    const topics = [...new Set(settings.map(({ topic }) => topic))]
    throw kafkaError(error, `setting up ${topics.join(', ')}`, topics.length === 1 ? topics[0] : undefined)
  } finally {
    await cluster.disconnect()
  }
}

/*
 * resources: type 1, name, settings: name, operation 1, value | only check 1
 * https://kafka.apache.org/43/design/protocol/#The_Messages_IncrementalAlterConfigs
 */
function alterRequest(settings: readonly TopicSetting[]): Encoder {
  const byTopic = Map.groupBy(settings, ({ topic }) => topic)
  const resources = [...byTopic].map(([topic, ofTopic]) => {
    const changes = ofTopic.map(({ setting, value }) =>
      new Encoder().writeString(setting).writeInt8(SET).writeString(value),
    )
    return new Encoder().writeInt8(TOPIC).writeString(topic).writeArray(changes)
  })
  return new Encoder().writeArray(resources).writeBoolean(false)
}

/* throttle time 4 | resources: error 2, message, type 1, name */
function decode(payload: Buffer) {
  const answer = new Decoder(payload)
  answer.readInt32()
  return answer.readArray(() => {
    const errorCode = answer.readInt16()
    const message = answer.readString()
    answer.readInt8()
    return { errorCode, message, topic: answer.readString() }
  })
}

function check({ errorCode, message, topic }: ReturnType<typeof decode>[number]): void {
  if (errorCode === 0) return
  const error = createErrorFromCode(errorCode)
  error.message = `${topic}: ${message ?? error.message}`
  throw error
}
