import kafkajs from 'kafkajs'
import { topicSpecs } from '../../../lib/setup/setUp.ts'
import { administer } from '../world/kafka.ts'
import type { World } from '../world/world.ts'
import type { Harm } from './harm.ts'

/** Sets the largest message that the dead-letter topic takes. */
async function limitLetters({ kafka, services }: World, bytes: string): Promise<void> {
  const resource = {
    type: kafkajs.ConfigResourceTypes.TOPIC,
    name: services.settings.deadLetterTopic,
    configEntries: [{ name: 'max.message.bytes', value: bytes }],
  }
  await administer(kafka, 'the dead-letter topic has its limit', admin =>
    admin.alterConfigs({ validateOnly: false, resources: [resource] }),
  )
}

function specOf({ services: { settings } }: World) {
  return topicSpecs(settings).find(({ topic }) => topic === settings.deadLetterTopic)!
}

/** A bad tick comes in any case. */
async function untilItHurts({ sender, host }: World, partition: number, sign: string): Promise<void> {
  await sender.send(partition, 30)
  await host.says(sign)
}

export const DEAD_LETTERS: readonly Harm[] = [
  {
    name: 'dead-letter topic deleted',
    async prepare({ kafka, oracle, services: { settings } }) {
      await administer(kafka, 'the dead-letter topic is gone', async admin => {
        const topics = await admin.listTopics()
        if (topics.includes(settings.deadLetterTopic))
          await admin.deleteTopics({ topics: [settings.deadLetterTopic] })
      })
      oracle.log.forgetLetterOffsets()
    },
    strike: world => untilItHurts(world, 0, `Kafka has no topic ${world.services.settings.deadLetterTopic}`),
    async repair(world) {
      await world.services.ensureTopics([specOf(world)])
    },
  },
  {
    name: 'dead-letter topic refuses',
    prepare: world => limitLetters(world, '100'),
    strike: world => untilItHurts(world, 1, 'raise max.message.bytes'),
    repair: world => limitLetters(world, specOf(world).config['max.message.bytes']!),
  },
]
