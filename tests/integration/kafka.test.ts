import { afterAll } from 'vitest'
import { topicLogContract } from '../contracts/topicLog.ts'
import { transactionalWriterContract } from '../contracts/transactionalWriter.ts'
import { KafkaWorld } from './kafkaWorld.ts'

const world = new KafkaWorld()
afterAll(() => world.close())

topicLogContract(() => world)
transactionalWriterContract(() => world)
