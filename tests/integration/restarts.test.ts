import { setTimeout } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { pipelineStatus } from '../../lib/status/pipelineStatus.ts'
import { bringUp, serversOf } from '../../sandbox/sandbox.ts'
import { expectedCandles, oracleTick, sorted } from '../support/oracle.ts'
import { Offline } from './offline.ts'
import { plainKafka, readTopics, services, until } from './sandbox.ts'
import { storedCandles, TICKS_TOPIC, tickMessage } from './ticks.ts'

const SOURCE = 'RESTARTS'
const connections = services()
let offline: Offline
/** Sends 50 ticks five times a second, whatever happens to those who read them. */
let stream: { stop(): Promise<number> }

beforeAll(async () => {
  offline = await Offline.start('restarts')
  stream = await startStream()
})
afterAll(async () => {
  await offline.stop()
  await connections.close()
})

async function startStream() {
  const producer = plainKafka().producer()
  await producer.connect()
  let sent = 0
  let isOn = true
  const sending = (async () => {
    while (isOn) {
      const messages = Array.from({ length: 50 }, (_, i) => streamed(sent + i))
      const request = { topic: TICKS_TOPIC, messages, compression: kafkajs.CompressionTypes.GZIP }
      // While Kafka is away the same ticks are sent again; what Kafka has twice, the table must have twice.
      const isThere = await producer.send(request).then(
        () => true,
        () => false,
      )
      if (isThere) sent += messages.length
      await setTimeout(200)
    }
  })()
  return {
    async stop() {
      isOn = false
      await sending
      await producer.disconnect()
      return sent
    },
  }
}

/** The nth tick: four a second, on five symbols and all partitions. */
function streamed(n: number) {
  const dateTime = new Date(Date.UTC(2025, 5, 1, 12) + n * 250).toISOString()
  const tick = tickMessage({ source: SOURCE, symbol: `S${n % 5}`, mid: 100 + (n % 17), number: n, dateTime })
  return { ...tick, partition: n % 4 }
}

const tickCount = async () => (await pipelineStatus(connections)).ticks
/** Waits until ingest is seen to work: so the next harm meets it in the middle. */
async function moreTicks(): Promise<void> {
  const before = await tickCount()
  await until('ingest goes on', async () => (await tickCount()) > before)
}

describe('while ticks stream in', () => {
  test('sls offline is ended by TERM, in good order, and started again', async () => {
    await moreTicks()
    expect(await offline.stop('SIGTERM')).toBe(0)
    offline = await Offline.start('restarts')
    await moreTicks()
  })

  test('sls offline is killed, twice, and started again', async () => {
    for (let round = 0; round < 2; round++) {
      await offline.stop('SIGKILL')
      offline = await Offline.start('restarts')
      await moreTicks()
    }
  })

  test('Kafka is killed and started again: sls offline lives on', async () => {
    const settings = inject('sandboxSettings')
    const kafka = serversOf(settings).find(({ name }) => name === 'kafka')
    await kafka?.kill()
    const terminal = { say: () => {}, show: () => {} }
    await bringUp(settings, { startedBy: 'test', terminal, servers: ['kafka'] })
    await moreTicks()
    expect(offline.isRunning).toBe(true)
  })

  test('afterwards each tick on Kafka is in the table once, and the candles equal a fold of them', async () => {
    const sent = await stream.stop()
    await until('ingest has caught up', async () => (await pipelineStatus(connections)).ingestLag === 0)
    const messages = (await readTopics([TICKS_TOPIC])).filter(({ value }) => value?.includes(`"${SOURCE}"`))
    const stored = await connections.query.rows<{ partition: number; offset: number; n: number }>(
      `SELECT kafka_partition AS partition, kafka_offset AS "offset", count(*) AS n
      FROM lake.market_data.stock_ticks WHERE source = '${SOURCE}' GROUP BY 1, 2`,
    )
    const places = (rows: readonly { partition: number; offset: number }[]) =>
      rows.map(({ partition, offset }) => `${partition}/${offset}`).sort()
    expect(messages.length).toBeGreaterThanOrEqual(sent)
    expect(stored.filter(({ n }) => n !== 1)).toEqual([])
    expect(places(stored)).toEqual(places(messages))

    await offline.rollUpAll()
    const ticks = messages.map(({ value, partition, offset }) => oracleTick(value!, partition, offset))
    expect(sorted(await storedCandles(connections, SOURCE))).toEqual(expectedCandles(ticks))
  })
})
