import { afterAll } from 'vitest'
import { topicLogContract } from '../contracts/topicLog.ts'
import { transactionContract } from '../contracts/topicTransaction.ts'
import { KafkaWorld } from './kafkaWorld.ts'

const world = new KafkaWorld()
afterAll(() => world.close())

topicLogContract(() => world)
transactionContract(() => world)
