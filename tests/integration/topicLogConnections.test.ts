import { expect, test } from 'vitest'
import { kafkaClient } from '../../lib/kafka/client.ts'
import { KafkaTopicLog } from '../../lib/kafka/topicLog.ts'
import { brokers } from './kafkaWorld.ts'
import { until } from './sandbox.ts'
import { TICKS_TOPIC } from './ticks.ts'

const openSockets = () => process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length

test('after 40 reads at once, close leaves no connection that would keep a command from ending', async () => {
  const before = openSockets()
  const log = new KafkaTopicLog(
    kafkaClient({ brokers: brokers(), clientId: 'tests', auth: undefined, tls: false }),
  )
  const reads = Array.from({ length: 40 }, (_, i) => log.firstFrom(TICKS_TOPIC, i % 4, 0))
  await Promise.all(reads)
  await log.close()
  await until('the connections are closed', () => openSockets() <= before)
  expect(openSockets()).toBeLessThanOrEqual(before)
})
