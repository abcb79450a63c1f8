import { TickhouseError } from '../../lib/errors.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import type { Case } from './cases.ts'
import { findingsOf, say } from './findings.ts'
import type { TestTick } from './ledger.ts'
import { matches } from './where.ts'
import type { World } from './world.ts'

/** What is more than one step on one table. */
interface Story extends Case {
  readonly isShort?: boolean
}

const MINUTE_MS = 60_000
const QUIET_MS = Date.UTC(2018, 2, 5, 10)
const MINUTES = 13
const TICKS_A_MINUTE = 5_000

/** So many ticks of one symbol in a minute from a moment on, in an order that `number` alone tells. */
function minuteOf(source: string, minute: number, count: number, fromMs = QUIET_MS): TestTick[] {
  const dateTime = new Date(fromMs + minute * MINUTE_MS).toISOString()
  return Array.from({ length: count }, (_, i) => {
    const number = minute * TICKS_A_MINUTE + i
    return { source, symbol: 'A', mid: 100 + (number % 64) / 8, number, dateTime }
  })
}

async function judged(world: World, findings: string[]): Promise<void> {
  await world.ingest()
  await world.settle()
  findings.push(...(await world.judge()))
}

export const STORIES: readonly Story[] = [
  {
    name: 'pyiceberg: one tick deleted of a file among more new ones than rollup opens',
    async play(world) {
      const { findings, part } = findingsOf()
      const source = 'HIDDEN'
      await part('ticks', async () => {
        // Around now: only the minutes that new files touch are recomputed, not whole hours.
        const fromMs = world.clock.nowMs - MINUTES * MINUTE_MS
        for (let minute = 0; minute < MINUTES; minute++) {
          await world.send(minuteOf(source, minute, TICKS_A_MINUTE, fromMs))
          await world.ingest()
        }
      })
      await part('the delete', async () => {
        const where = `source = '${source}' AND number = 7`
        await world.engines.pyiceberg.call('delete', { table: 'market_data.stock_ticks', where })
        world.ledger.change(
          tick => tick.source === source && tick.number === 7n,
          () => undefined,
        )
      })
      await part('rollup', () => judged(world, findings))
      return findings
    },
  },
  {
    name: 'trino: the oldest whole days of ticks deleted, and their candles stay',
    isShort: true,
    async play(world) {
      const { findings, part } = findingsOf()
      const source = 'ARCHIVE'
      const of = (day: number, hour: number): TestTick => {
        const dateTime = `2017-05-0${day}T${hour}:00:00`
        return { source, symbol: 'A', mid: day + hour / 8, number: day * 100 + hour, dateTime }
      }
      await part('ticks', async () => {
        await world.send([1, 2, 3].flatMap(day => [10, 11, 15].map(hour => of(day, hour))))
        await judged(world, findings)
      })
      await part('the delete', async () => {
        const { trino } = world.engines
        await trino.sql(
          "DELETE FROM lake.market_data.stock_ticks WHERE date_time < TIMESTAMP '2017-05-03 00:00:00 UTC'",
        )
        world.ledger.retire(matches({ source, to: '2017-05-03T00:00:00Z' }))
      })
      await part('rollup', () => judged(world, findings))
      await part('a tick of the first day that is left', async () => {
        await world.send([of(3, 12)])
        await judged(world, findings)
      })
      return findings
    },
  },
  {
    name: 'trino: candles updated with newer stamps, the version before expired: nothing of it is sent',
    isShort: true,
    async play(world) {
      const { findings, part } = findingsOf()
      const source = 'STAMPED'
      await part('ticks', async () => {
        await world.send(minuteOf(source, 1, 20))
        await judged(world, findings)
      })
      await part('the update', async () => {
        await world.engines.trino.sql(
          `UPDATE lake.market_data.candles SET high = high + 1e6, updated_at = updated_at + INTERVAL '1' DAY WHERE source = '${source}'`,
        )
        await world.engines.pyiceberg.call('expire', { table: 'market_data.candles' })
      })
      await part('rollup', async () => {
        // publish is called after the live round, before the backlog has computed anything again.
        await rollupCandles(world.services, { ...UNBOUNDED, mayBegin: () => false })
        await world.publish()
        await judged(world, findings)
        const theirs = world.topics.records.filter(({ value }) => (value?.high ?? 0) >= 1e6)
        for (const { topic, key } of theirs) findings.push(`sent: ${topic} ${key} of another engine`)
      })
      return findings
    },
  },
  {
    name: 'trino: ticks inserted with offsets that Kafka does not have',
    isShort: true,
    async play(world) {
      const { findings, part } = findingsOf()
      const tick = { source: 'INSERTED', symbol: 'A', ask: 7, bid: 7, mid: 7 }
      await part('ticks', async () => {
        await world.send(minuteOf(tick.source, 1, 20))
        await judged(world, findings)
      })
      await part('the insert', async () => {
        const rows = [-1, 1e12].map((offset, number) => {
          const dateTime = `2018-03-05T09:0${number}:00`
          world.ledger.inserted(JSON.stringify({ ...tick, number, dateTime }), number, offset)
          const time = `TIMESTAMP '${dateTime.replace('T', ' ')} UTC'`
          return `('${tick.source}', '${tick.symbol}', 7e0, 7e0, 7e0, ${number}, ${time}, 0, ${number}, ${offset}, ${time})`
        })
        const columns =
          'source, symbol, ask, bid, mid, number, date_time, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp'
        await world.engines.trino.sql(
          `INSERT INTO lake.market_data.stock_ticks (${columns}) VALUES ${rows.join(', ')}`,
        )
      })
      await part('rollup', () => judged(world, findings))
      await part('ticks after it', async () => {
        await world.send(minuteOf(tick.source, 2, 20))
        await judged(world, findings)
      })
      return findings
    },
  },
  {
    name: 'trino: both tables dropped and set up again',
    async play(world) {
      const { findings, part } = findingsOf()
      await part('ticks', async () => {
        await world.send(minuteOf('DROPPED', 1, 20))
        await judged(world, findings)
      })
      await part('the drop', async () => {
        for (const table of ['stock_ticks', 'candles'])
          await world.engines.trino.sql(`DROP TABLE lake.market_data.${table}`)
        world.ledger.reset()
        await world.setUp()
      })
      await part('rollup', () => judged(world, findings))
      return findings
    },
  },
  ...(['stock_ticks', 'candles'] as const).map(table => ({
    name: `pyiceberg: format version 3, on ${table}: refused by name`,
    isLast: true,
    async play(world: World) {
      const { findings, part } = findingsOf()
      await part('ticks', async () => {
        await world.send(minuteOf('THREE', 1, 20))
        await judged(world, findings)
      })
      await part('the upgrade', async () => {
        await world.engines.pyiceberg.call('format_version', { table: `market_data.${table}`, version: 3 })
      })
      const thrown: unknown[] = []
      await world.send(minuteOf('THREE', 2, 20)).catch(error => thrown.push(error))
      for (const call of [world.ingest, world.rollup]) await call().catch(error => thrown.push(error))
      const isTold = (error: unknown) =>
        error instanceof TickhouseError && error.message.includes(table) && /version/.test(error.message)
      if (!thrown.some(isTold)) findings.push(`not told: ${thrown.map(say).join('; ') || 'nothing thrown'}`)
      return findings
    },
  })),
]
