import { setTimeout as sleep } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import { ingestTicks } from '../../../lib/ingest/ingestTicks.ts'
import type { RecordBatch } from '../../../lib/ports.ts'
import { administer, rangesOf } from '../world/kafka.ts'
import type { World } from '../world/world.ts'
import type { Harm } from './harm.ts'
import { recordOf } from './rivals.ts'

const GROUP = 'tickhouse-ingest'

/** Sets the group's offsets, which wants the host stopped. */
async function moveGroup({ kafka, services }: World, to: (partition: number) => number): Promise<void> {
  const topic = services.settings.ticksTopic
  const ranges = await rangesOf(kafka, topic)
  const partitions = [...ranges.keys()].map(partition => ({ partition, offset: String(to(partition)) }))
  await administer(kafka, 'the group is moved', admin =>
    admin.setOffsets({ groupId: GROUP, topic, partitions }),
  )
}

/** A member that joins the group, works or not, and leaves. */
async function joinFor(
  kafka: Kafka,
  topic: string,
  ms: number,
  take: ((batch: RecordBatch) => Promise<unknown>) | undefined,
): Promise<void> {
  const consumer = kafka.consumer({
    groupId: GROUP,
    sessionTimeout: 6_000,
    heartbeatInterval: 500,
    maxWaitTimeInMs: 200,
  })
  const joined = new Promise<void>(resolve => {
    consumer.on(consumer.events.GROUP_JOIN, () => resolve())
  })
  await consumer.connect()
  try {
    await consumer.subscribe({ topic })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { partition, messages }, commitOffsetsIfNecessary, resolveOffset }) => {
        const last = messages.at(-1)
        if (take === undefined || last === undefined) return
        await take({ topic, partition, records: messages.map(recordOf) })
        resolveOffset(last.offset)
        const offset = String(Number(last.offset) + 1)
        await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] })
      },
    })
    await Promise.race([joined, sleep(30_000)])
    await sleep(ms)
  } finally {
    await consumer.disconnect()
  }
}

export const GROUP_HARMS: readonly Harm[] = [
  {
    name: 'group moved back',
    async strike(world) {
      const { host, random, state } = world
      await host.stop()
      const { next } = await state.read()
      await moveGroup(world, partition => Math.max(0, (next.get(partition) ?? 0) - random.int(1, 200)))
    },
    repair: ({ host }) => host.start(),
  },
  {
    name: 'group moved forward',
    async strike(world) {
      const { host, random, state, sender } = world
      await host.stop()
      const { next } = await state.read()
      const skipped = random.int(0, 3)
      const visible = await sender.send(skipped, 40) // Passing what a transaction took back is no harm.
      await moveGroup(world, partition =>
        partition === skipped ? visible + random.int(5, 30) : (next.get(partition) ?? 0),
      )
      await host.start()
    },
    async repair({ host, offsets }) {
      await host.says('npm run offsets -- rewind')
      await host.stop()
      await offsets('rewind')
      await host.start()
    },
  },
  {
    name: 'rebalance: an idle member',
    strike: ({ kafka, random, services }) =>
      joinFor(kafka, services.settings.ticksTopic, random.int(200, 1_500), undefined),
  },
  {
    name: 'rebalance: a second ingester',
    strike: async ({ kafka, random, services, rivals }) => {
      const other = random.pick(rivals)
      await joinFor(kafka, services.settings.ticksTopic, random.int(500, 2_500), batch =>
        ingestTicks(other, [batch]),
      )
    },
  },
]
