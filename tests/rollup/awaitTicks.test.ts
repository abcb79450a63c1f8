import { beforeEach, describe, expect, test } from 'vitest'
import type { TopicLog } from '../../lib/ports.ts'
import { awaitTicks, untilGraceIsOver } from '../../lib/rollup/awaitTicks.ts'
import { ticksState } from '../../lib/tables/ticksTable.ts'
import { batch, ingest, newWorld, produce, SETTINGS, tickJson, type World } from '../support/world.ts'

describe('untilGraceIsOver', () => {
  test.each([
    ['12:00:00.080', 420],
    ['12:00:00.500', 0],
    ['12:00:30.000', 0],
    ['12:00:57.999', 0],
    ['12:00:59.900', 600],
  ])('called at %s it waits %d ms', (time, waitMs) => {
    expect(untilGraceIsOver(Date.parse(`2026-03-01T${time}Z`), 500)).toBe(waitMs)
  })
})

describe('awaitTicks', () => {
  let world: World
  beforeEach(async () => {
    world = await newWorld()
  })
  const NOON_US = Date.parse('2026-03-01T12:00:00Z') * 1000

  test('gives the minute that is over and the ends that Kafka has', async () => {
    produce(world, 1, tickJson(1), tickJson(2))
    await ingest(world, [await batch(world, 1, 0, 2)])
    const awaited = await awaitTicks(world.services)
    expect(awaited).toMatchObject({ dueUs: NOON_US, ends: { epoch: 0 } })
    expect(awaited?.ends.positions.map(({ next }) => next)).toEqual([0, 2, 0, 0])
  })

  test('a clock that is 3 ms slower than the timer does not put the minute off', async () => {
    const startMs = performance.now()
    const lagged = () => Math.max(0, Math.floor(performance.now() - startMs) - 3)
    const nowMs = () => NOON_US / 1000 + 450 + lagged()
    expect(await awaitTicks({ ...world.services, nowMs })).toMatchObject({ dueUs: NOON_US })
  })

  test('waits for what ingest takes in meanwhile', async () => {
    produce(world, 0, tickJson(1))
    let asked = 0
    const topicLog: TopicLog = {
      topicId: topic => world.log.topicId(topic),
      groupOffsets: (...group) => world.log.groupOffsets(...group),
      offsets: topic => world.log.offsets(topic),
      isCompacted: topic => world.log.isCompacted(topic),
      unseen: (...stretch) => world.log.unseen(...stretch),
      last: (topic, partition) => world.log.last(topic, partition),
      records: (...stretch) => world.log.records(...stretch),
      firstFrom: async (topic, partition, offset) => {
        if (++asked === 2) await ingest(world, [await batch(world, 0, 0, 1)])
        return world.log.firstFrom(topic, partition, offset)
      },
    }
    await awaitTicks({ ...world.services, topicLog })
    expect(asked).toBe(2)
  })

  test('the end is that of the moment when the grace was over, also when ingest takes in what came later', async () => {
    produce(world, 0, tickJson(1))
    const topicLog: TopicLog = {
      topicId: topic => world.log.topicId(topic),
      groupOffsets: (...group) => world.log.groupOffsets(...group),
      offsets: topic => world.log.offsets(topic),
      isCompacted: topic => world.log.isCompacted(topic),
      unseen: (...stretch) => world.log.unseen(...stretch),
      last: (topic, partition) => world.log.last(topic, partition),
      records: (...stretch) => world.log.records(...stretch),
      firstFrom: async (topic, partition, offset) => {
        produce(world, 0, tickJson(2))
        await ingest(world, [await batch(world, 0, 0, 2)])
        return world.log.firstFrom(topic, partition, offset)
      },
    }
    const awaited = await awaitTicks({ ...world.services, topicLog })
    expect(awaited?.ends.positions[0]).toMatchObject({ partition: 0, next: 1 })
    expect(ticksState(awaited!.ticks).vector.positions[0]).toMatchObject({ partition: 0, next: 2 })
  })

  test('gives ingest up after about two seconds: the ends are what it lacks', async () => {
    produce(world, 0, tickJson(1))
    const awaited = await awaitTicks(world.services)
    expect(awaited?.ends.positions[0]).toMatchObject({ partition: 0, next: 1 })
  })

  test.each([true, false])(
    'a topic that was made again lets nothing close; its broker knows ids: %s',
    async knowsIds => {
      if (!knowsIds) world.log.hideTopicIds()
      produce(world, 0, tickJson(1))
      await ingest(world, [await batch(world, 0, 0, 1)])
      world.log.deleteTopic(SETTINGS.ticksTopic)
      world.log.createTopic(SETTINGS.ticksTopic, 4)
      if (knowsIds) produce(world, 0, tickJson(1), tickJson(2))
      await expect(awaitTicks(world.services)).rejects.toMatchObject({ code: 'TOPIC_RECREATED' })
    },
  )
})
