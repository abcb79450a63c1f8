import kafkajs from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { registerCodecs } from '../../kafkajs/codecs.ts'
import { compressedRecords } from '../support/batches.ts'
import { createTopic, kafkaEvent, Offline, send, unique } from '../support/harness.ts'

const { CompressionCodecs, CompressionTypes } = kafkajs
const recorded = [
  ['snappy of Java', CompressionTypes.Snappy, 'java', 'snappy'],
  ['snappy of librdkafka', CompressionTypes.Snappy, 'librdkafka', 'snappy'],
  ['LZ4 of Java', CompressionTypes.LZ4, 'java', 'lz4'],
  ['LZ4 of kafka-python', CompressionTypes.LZ4, 'kafkapython', 'lz4'],
  ['zstd of librdkafka', CompressionTypes.ZSTD, 'librdkafka', 'zstd'],
] as const

describe('compression', () => {
  it('delivers batches of 800 records of every codec, and gzip, through a real broker', async () => {
    const topics = new Map<string, string>()
    for (const [name, type, client, codec] of recorded) {
      const topic = unique(codec)
      topics.set(topic, name)
      await createTopic(topic)
      CompressionCodecs[type] = () => ({ compress: async () => compressedRecords(client, codec) })
      const standIns = Array.from({ length: 800 }, () => ({
        partition: 0,
        value: 'replaced by the recorded bytes',
      }))
      await send(topic, standIns, type)
    }
    registerCodecs()
    const gzip = unique('gzip')
    topics.set(gzip, 'gzip')
    await createTopic(gzip)
    const messages = Array.from({ length: 800 }, (_, i) => ({ partition: 0, value: `{"n":${i},"text":""}` }))
    await send(gzip, messages, CompressionTypes.GZIP)

    const events = [...topics.keys()].map(topic => kafkaEvent(topic, { batchSize: 1000 }))
    const offline = await Offline.start({ sink: { kafka: events } })
    for (const [topic, name] of topics) {
      await offline.callsUntil(
        topic,
        '800 records',
        all => all.flatMap(({ records }) => records).length === 800,
      )
      const numbers = offline.texts(topic).map(text => JSON.parse(text!).n)
      expect(numbers, name).toEqual(Array.from({ length: 800 }, (_, i) => i))
    }
  })
})
