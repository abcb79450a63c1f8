import { topicSpecs } from '../../../lib/setup/setUp.ts'
import { administer, rangesOf } from '../world/kafka.ts'
import type { Harm } from './harm.ts'

export const TOPICS: readonly Harm[] = [
  {
    name: 'retention runs ahead',
    async strike({ host, kafka, state, sender, services, oracle, random }) {
      const topic = services.settings.ticksTopic
      const partition = random.int(0, 3)
      await host.stop()
      const count = random.int(5, 60)
      const first = await sender.send(partition, count)
      const low = first + random.int(0, count - 1)
      const { next } = await state.read()
      // What the table has is copied before it goes: it must stay right.
      await oracle.log.readOn(next)
      await administer(kafka, 'retention takes records', async admin => {
        await admin.fetchTopicOffsets(topic) // kafkajs's deletion takes the leaders that another call has found.
        await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(low) }] })
      })
      const kept = (await rangesOf(kafka, topic)).get(partition)!.low
      oracle.log.lost += Math.max(0, kept - (next.get(partition) ?? 0))
    },
    repair: ({ host }) => host.start(),
  },
  {
    name: 'topic made anew',
    async prepare({ kafka, services, oracle }) {
      const topic = services.settings.ticksTopic
      const specs = topicSpecs(services.settings).filter(spec => spec.topic === topic)
      await administer(kafka, 'the ticks topic is gone', async admin => {
        if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] })
      })
      await services.ensureTopics(specs)
      oracle.log.beginEpoch()
    },
    strike: ({ host }) => host.says('npm run offsets -- new-epoch'),
    async repair({ host, offsets }) {
      await host.stop()
      await offsets('new-epoch')
      await host.start()
    },
  },
]
