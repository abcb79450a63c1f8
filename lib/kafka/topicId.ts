import Decoder from 'kafkajs/src/protocol/decoder.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js'
import type { Broker } from './connection.ts'

/** The API key of the request Metadata, and the versions that are written here; kafkajs knows versions up to 6. */
const METADATA = { apiKey: 3, oldest: 10, newest: 12 }
const ID_BYTES = 16
const NO_ID = Buffer.alloc(ID_BYTES)

/**
 * Reads the id that Kafka gave the topic when it was made (KIP-516), as 32 hexadecimal digits. A topic of the same name that is
 * made later has another id. Undefined where the broker has no ids, as before Kafka 2.8. Throws the broker's error:
 * UNKNOWN_TOPIC_OR_PARTITION for a topic that does not exist.
 */
export async function fetchTopicId(broker: Broker, topic: string): Promise<string | undefined> {
  const version = versionFor(broker)
  if (version === undefined) return undefined
  return broker.connectionPool.send({
    request: {
      apiKey: METADATA.apiKey,
      apiVersion: version,
      apiName: 'Metadata',
      encode: async () => metadataRequest(topic, version),
    },
    response: { decode: async payload => topicOf(payload), parse: async found => idOf(found) },
    logResponseError: false,
  })
}

function versionFor({ versions }: Broker): number | undefined {
  const known = versions?.[METADATA.apiKey]
  if (known === undefined) return undefined
  const version = Math.min(known.maxVersion, METADATA.newest)
  return version >= METADATA.oldest && version >= known.minVersion ? version : undefined
}

/*
 * A flexible request (KIP-482). kafkajs writes the header up to the client id; the header's tags are written here.
 * header tags | topics: id 16, name, tags | may create 1 | version 10: tell cluster's rights 1 | tell topic's rights 1 | tags
 * https://kafka.apache.org/43/design/protocol/#The_Messages_Metadata
 */
function metadataRequest(topic: string, version: number): Encoder {
  const wanted = new Encoder()
  wanted.writeBufferInternal(NO_ID)
  wanted.writeUVarIntString(topic).writeUVarInt(0)
  const request = new Encoder().writeUVarInt(0).writeUVarIntArray([wanted]).writeBoolean(false)
  if (version === 10) request.writeBoolean(false)
  return request.writeBoolean(false).writeUVarInt(0)
}

/*
 * header tags | throttle time 4 | brokers: number 4, host, port 4, rack, tags | cluster | controller 4 | topics: error 2,
 * name, id 16, … | …; what follows the first topic's id is not read.
 */
function topicOf(payload: Buffer) {
  const answer = new Decoder(payload)
  skipTags(answer)
  const clientSideThrottleTime = answer.readInt32()
  answer.readUVarIntArray(() => {
    answer.readInt32()
    answer.readUVarIntString()
    answer.readInt32()
    answer.readUVarIntString()
    skipTags(answer)
  })
  answer.readUVarIntString()
  answer.readInt32()
  // A compact array's length is one more than it has.
  if (answer.readUVarInt() < 2) throw new Error('a metadata answer without the topic that was asked for')
  const errorCode = answer.readInt16()
  answer.readUVarIntString()
  return { clientSideThrottleTime, errorCode, id: answer.readBytes(ID_BYTES) }
}

function idOf({ errorCode, id }: { errorCode: number; id: Buffer }): string | undefined {
  if (errorCode !== 0) throw createErrorFromCode(errorCode)
  return id.equals(NO_ID) ? undefined : id.toString('hex')
}

/** Replaces the reader of tags in kafkajs, which reads their lengths as those of compact bytes. */
function skipTags(answer: Decoder): void {
  for (let left = answer.readUVarInt(); left > 0; left--) {
    answer.readUVarInt()
    answer.readBytes(answer.readUVarInt())
  }
}
