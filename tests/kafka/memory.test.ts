import { describe, expect, it } from 'vitest'
import { LazyTopicLog } from '../../lib/kafka/lazyTopicLog.ts'
import { type TopicLogWorld, texts, topicLogContract } from '../contracts/topicLog.ts'
import { transactionalWriterContract } from '../contracts/transactionalWriter.ts'
import { MemoryTopicWriter, MemoryTransactionalWriter, partitionOf } from '../support/memoryProducers.ts'
import { MemoryTopicLog, type RecordContents } from '../support/memoryTopicLog.ts'

class MemoryWorld implements TopicLogWorld {
  readonly log = new MemoryTopicLog()
  readonly #owners = new Map()

  async createTopic(partitionCount: number) {
    const topic = crypto.randomUUID()
    this.log.createTopic(topic, partitionCount)
    return topic
  }

  async recreateTopic(topic: string, partitionCount: number) {
    this.log.deleteTopic(topic)
    this.log.createTopic(topic, partitionCount)
  }

  async append(topic: string, partition: number, contents: readonly RecordContents[]) {
    this.log.append(topic, partition, contents)
  }

  async begin() {
    const transaction = this.log.begin()
    return {
      append: async (...args: Parameters<typeof transaction.append>) => transaction.append(...args),
      commit: async () => transaction.commit(),
      abort: async () => transaction.abort(),
    }
  }

  async commitGroup(groupId: string, topic: string, offsets: ReadonlyMap<number, number>) {
    this.log.commitGroup(groupId, topic, offsets)
  }

  async cutBelow(topic: string, partition: number, offset: number) {
    this.log.cutBelow(topic, partition, offset)
  }

  transactionalWriter(transactionalId: string) {
    return new MemoryTransactionalWriter(this.log, this.#owners, transactionalId)
  }
}

const world = new MemoryWorld()
topicLogContract(() => world)
describe('loaded at its first use', () => {
  const lazily: TopicLogWorld = {
    log: new LazyTopicLog(async () => world.log),
    createTopic: (...args) => world.createTopic(...args),
    recreateTopic: (...args) => world.recreateTopic(...args),
    append: (...args) => world.append(...args),
    begin: () => world.begin(),
    commitGroup: (...args) => world.commitGroup(...args),
    cutBelow: (...args) => world.cutBelow(...args),
  }
  topicLogContract(() => lazily)
})
transactionalWriterContract(() => world)

describe('a topic log in memory', () => {
  it('steps over a record that compaction removed', async () => {
    const topic = await world.createTopic(1)
    world.log.append(topic, 0, texts('a', 'b', 'c'))
    world.log.remove(topic, 0, 1)
    expect((await world.log.firstFrom(topic, 0, 1))?.offset).toBe(2)
  })
})

describe('a topic writer in memory', () => {
  it("puts a keyed record where Kafka's clients would, a keyless one into partition 0", async () => {
    const topic = await world.createTopic(4)
    await new MemoryTopicWriter(world.log).send([
      { topic, key: 'BNBUSD', value: 'a' },
      { topic, key: null, value: 'b' },
    ])
    expect(Buffer.from((await world.log.last(topic, 0))!.value!).toString()).toBe('b')
    const last = await world.log.last(topic, partitionOf('BNBUSD', 4))
    expect(Buffer.from(last!.key!).toString()).toBe('BNBUSD')
  })
})
