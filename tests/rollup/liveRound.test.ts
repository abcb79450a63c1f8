import { beforeEach, describe, expect, test } from 'vitest'
import { KafkaUnavailable } from '../../lib/kafka/errors.ts'
import { formatDateTime } from '../../lib/market/time.ts'
import { type Budget, UNBOUNDED } from '../../lib/rollup/budget.ts'
import { type RollupServices, rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { QueryTimedOut } from '../../lib/trino/errors.ts'
import { failingTopicLog } from '../support/failingTopicLog.ts'
import { answerLost, type CommitFault, faultyCatalog } from '../support/faultyCatalog.ts'
import { addTicks, candlesIn, stateOfCandles, withTrino } from '../support/rollupCalls.ts'
import { newWorld, produce, tickJson, type World } from '../support/world.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const NO_BACKLOG: Budget = { mayBegin: () => false, statementMs: () => 1 }

let world: World
beforeEach(async () => {
  world = await newWorld()
})
const closedUntil = async () => formatDateTime((await stateOfCandles(world)).closedUntilUs)
const closedTimeframes = async () =>
  new Set((await candlesIn(world)).filter(({ closed }) => closed).map(({ timeframe }) => timeframe))

describe('a clock that runs a day ahead', () => {
  const call = (changes: Partial<RollupServices> = {}) =>
    rollupCandles({ ...withTrino(world), ...changes }, UNBOUNDED)

  /** A call of such a clock, in a minute in which Kafka got a tick at 12:01:10 by its own. */
  async function runAhead(changes: Partial<RollupServices> = {}): Promise<void> {
    await addTicks(world, ['2026-03-01T12:00:01'])
    await call()
    world.clock.nowMs += MINUTE_MS
    await addTicks(world, ['2026-03-01T12:01:01'])
    world.clock.nowMs += DAY_MS
    await call(changes)
  }

  test('closes nothing but what is due by Kafka’s clock, while ticks come', async () => {
    await runAhead()
    expect(await closedUntil()).toBe('2026-03-01T12:02:00.000000Z')
    expect(await closedTimeframes()).toEqual(new Set(['m1']))
  })

  test('closes nothing early once it is right again, by what it has written down', async () => {
    await runAhead()
    world.clock.nowMs -= DAY_MS - MINUTE_MS
    await call()
    expect(await closedUntil()).toBe('2026-03-01T12:02:00.000000Z')
    expect(await closedTimeframes()).toEqual(new Set(['m1']))
    world.clock.nowMs += MINUTE_MS
    await call()
    expect(await closedUntil()).toBe('2026-03-01T12:03:00.000000Z')
    expect((await stateOfCandles(world)).pending).toEqual([])
  })

  test.each<[string, CommitFault]>([['was made and not answered', answerLost]])(
    'closes nothing early in a call’s second round either, after a commit that %s',
    async (_, fault) => {
      await runAhead({ catalog: faultyCatalog(world.catalog, fault) })
      expect(await closedUntil()).toBe('2026-03-01T12:02:00.000000Z')
      expect(await closedTimeframes()).toEqual(new Set(['m1']))
    },
  )
})

describe('a live statement that is too slow', () => {
  /** Calls with ticks in each of the last 30 minutes, and gives how long Trino was waited for in vain. */
  async function lostMs(isSlow: (hours: number) => boolean): Promise<number> {
    let lost = 0
    const services = withTrino(world, ({ hours, timeoutMs }) => {
      if (!isSlow(hours)) return
      lost += timeoutMs
      throw new QueryTimedOut('q', timeoutMs)
    })
    const timeOf = (i: number) => new Date(world.clock.nowMs - i * MINUTE_MS).toISOString().slice(0, 19)
    await addTicks(
      world,
      Array.from({ length: 30 }, (_, i) => timeOf(i)),
    )
    await rollupCandles(services, NO_BACKLOG)
    return lost
  }

  test('costs the live candles 15 seconds: then the last three minutes are made, and the others left', async () => {
    expect(await lostMs(hours => hours > 0.1)).toBe(15_000)
    const m1 = (await candlesIn(world)).filter(({ timeframe }) => timeframe === 'm1')
    expect(m1.map(({ dateTimeUs }) => formatDateTime(dateTimeUs).slice(11, 16)).sort()).toEqual([
      '11:57',
      '11:58',
      '11:59',
      '12:00',
    ])
    expect((await stateOfCandles(world)).hours.stale.size).toBe(1)
  })

  test('has the whole time where it is of the last three minutes alone', async () => {
    await expect(lostMs(() => true)).rejects.toMatchObject({ message: expect.stringContaining('60000 ms') })
  })
})

describe('late ticks in many hours at once', () => {
  const hourly = (count: number, day: string) =>
    Array.from({ length: count }, (_, i) =>
      new Date(Date.parse(`${day}T00:00:00Z`) + i * 3_600_000).toISOString().slice(0, 19),
    )
  async function deliver(times: string[]): Promise<number> {
    await addTicks(world, times)
    await rollupCandles(withTrino(world), NO_BACKLOG)
    return (await stateOfCandles(world)).hours.sweep.size
  }

  test('are a delivery from 48 on, which joins the sweep at once; fewer wait for the next one', async () => {
    expect(await deliver(hourly(47, '2026-01-01'))).toBe(0)
    expect(await deliver(hourly(48, '2026-02-01'))).toBe(48)
  })

  test('are a trickle where they come minute by minute: they wait until a sweep is 5 minutes old', async () => {
    expect(await deliver(hourly(48, '2026-01-01'))).toBe(48)
    world.clock.nowMs += 5 * MINUTE_MS - 1
    expect(await deliver(hourly(48, '2026-01-10'))).toBe(48)
    world.clock.nowMs += 1
    expect(await deliver(hourly(48, '2026-01-20'))).toBe(96)
  })
})

describe('while Kafka is away', () => {
  let warnings: { message: string; fields: unknown }[]
  beforeEach(() => {
    warnings = []
  })

  /** The services with a Kafka that does not answer. */
  function withoutKafka(): RollupServices {
    const topicLog = failingTopicLog(new KafkaUnavailable('no broker', new Error('no answer')))
    const warn = (message: string, fields: unknown) => void warnings.push({ message, fields })
    return { ...withTrino(world), topicLog, log: { ...world.services.log, warn } }
  }

  test('candles are made, nothing is closed, and a warning says so', async () => {
    await addTicks(world, ['2026-03-01T12:00:01'])
    const before = await closedUntil()
    world.clock.nowMs += 5 * MINUTE_MS
    const { behind, changed } = await rollupCandles(withoutKafka(), UNBOUNDED)
    expect({ behind, changed }).toEqual({ behind: 0, changed: 11 })
    expect(await closedUntil()).toBe(before)
    expect(await closedTimeframes()).toEqual(new Set())
    expect(warnings).toEqual([
      {
        message: 'nothing can be closed now',
        fields: { code: 'KAFKA_UNAVAILABLE', error: expect.stringContaining('no broker') },
      },
    ])
  })

  test('candles are made while the ticks topic is gone, and a warning names the command that makes it', async () => {
    await addTicks(world, ['2026-03-01T12:00:01'])
    world.log.deleteTopic('ticks')
    const services = { ...withoutKafka(), topicLog: world.log }
    expect(await rollupCandles(services, UNBOUNDED)).toMatchObject({ behind: 0, changed: 11 })
    expect(warnings[0]?.fields).toMatchObject({ error: expect.stringContaining('npm run set-up') })
  })

  test('candles are made also where a close waits for ticks that ingest had not taken in', async () => {
    produce(world, 1, tickJson(1))
    await addTicks(world, ['2026-03-01T12:00:01'])
    world.clock.nowMs += MINUTE_MS
    await rollupCandles(withTrino(world), UNBOUNDED)
    expect((await stateOfCandles(world)).pending).toHaveLength(1)
    await addTicks(world, ['2026-03-01T12:00:02'])
    const { changed } = await rollupCandles(withoutKafka(), UNBOUNDED)
    expect(changed).toBe(11)
    expect((await stateOfCandles(world)).pending).toHaveLength(1)
  })

  test('what waits closes once it is back', async () => {
    await addTicks(world, ['2026-03-01T12:00:01'])
    world.clock.nowMs += MINUTE_MS
    await rollupCandles(withoutKafka(), UNBOUNDED)
    await rollupCandles(withTrino(world), UNBOUNDED)
    expect(await closedTimeframes()).toEqual(new Set(['m1']))
  })
})
