import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sorted } from '../support/oracle.ts'
import { openWorld, type Row, type World } from './rollupWorld.ts'
import { plainKafka } from './sandbox.ts'

/** A time of standstill in these tables, so that nothing but the tests' ticks is open. */
const START = '2022-03-01T12:00:10Z'

let world: World
beforeAll(async () => {
  world = await openWorld('closing')
  await world.rollup()
  world.clock.nowMs = Date.parse(START)
  await world.state({ closedUntilUs: Date.parse('2022-03-01T12:00:00Z') * 1000, pending: [] })
})
afterAll(() => world.close())

/** Moves the clock and rolls up. */
async function rollupAt(time: string) {
  world.clock.nowMs = Date.parse(time)
  return world.rollup()
}

async function closedOf(symbol: string): Promise<string[]> {
  const stored = await world.stored(symbol)
  return stored.filter(({ closed }) => closed).map(({ timeframe }) => timeframe)
}

async function candleOf(symbol: string, timeframe: string): Promise<Row> {
  const row = (await world.stored(symbol)).find(candle => candle.timeframe === timeframe)
  if (row === undefined) throw new Error(`no ${timeframe} of ${symbol}`)
  return row
}

describe('a candle closes on time, without a new tick', () => {
  const symbol = 'QUIET'

  test('begins open, in all 11 timeframes', async () => {
    await world.send([{ symbol, mid: 5, dateTime: '2022-03-01T12:00:05' }])
    await world.ingest()
    const { taken } = await rollupAt('2022-03-01T12:00:10Z')
    expect(taken).toEqual([{ topic: world.topic, partition: 0, from: 0, to: 0 }])
    const stored = await world.stored(symbol)
    expect(stored).toHaveLength(11)
    expect(stored.every(({ closed, revision }) => !closed && revision === 1)).toBe(true)
  })

  test('not before the grace of 500 ms is over', async () => {
    const before = await world.snapshotId()
    await rollupAt('2022-03-01T12:01:00.499Z')
    expect(await world.snapshotId()).toBe(before)
  })

  test('m1 with the grace over, values as they were, revision 2', async () => {
    expect(await rollupAt('2022-03-01T12:01:00.500Z')).toMatchObject({ changed: 1 })
    expect(await closedOf(symbol)).toEqual(['m1'])
    expect(await candleOf(symbol, 'm1')).toMatchObject({ open: 5, volume: 1, revision: 2 })
  })

  test('with its 500 ms of delay and the duration of the round in the summary', async () => {
    const { delayMs, roundMs } = await world.state()
    expect(delayMs).toBe(500)
    expect(roundMs).toBeGreaterThan(0)
  })

  test('a rollup more at the same time changes nothing and makes no snapshot', async () => {
    const before = await world.snapshotId()
    expect(await world.rollup()).toMatchObject({ rounds: 0, changed: 0, behind: 0 })
    expect(await world.snapshotId()).toBe(before)
  })

  test('after days of standstill all that is over, each once', async () => {
    await rollupAt('2022-03-04T00:00:10Z')
    expect((await closedOf(symbol)).sort()).toEqual(
      ['D1', 'h1', 'h3', 'h4', 'm1', 'm10', 'm15', 'm30', 'm5'].sort(),
    )
    await rollupAt('2022-03-07T00:00:01Z')
    expect(await closedOf(symbol)).toContain('W1')
    await rollupAt('2022-04-01T00:00:01Z')
    const stored = await world.stored(symbol)
    expect(stored.every(({ closed, revision }) => closed && revision === 2)).toBe(true)
  })

  test('a late tick changes values and revision; the candle stays closed', async () => {
    const before = await candleOf(symbol, 'h1')
    await world.send([{ symbol, mid: 9, dateTime: '2022-03-01T12:30:00' }])
    await world.ingest()
    await rollupAt('2022-04-01T00:00:02Z')
    const after = await candleOf(symbol, 'h1')
    expect(after).toMatchObject({ close: 9, volume: 2, closed: true, revision: 3 })
    expect(after.updatedAt > before.updatedAt).toBe(true)
    expect(await candleOf(symbol, 'm1')).toMatchObject({ volume: 1, revision: 2 })
    expect(sorted(await world.stored(symbol))).toEqual(world.expected(symbol))
  })

  test('a clock that steps back closes nothing more, reopens nothing, and gives out later stamps still', async () => {
    const before = await candleOf(symbol, 'h1')
    await world.send([{ symbol, mid: 1, dateTime: '2022-03-01T12:31:00' }])
    await world.ingest()
    await rollupAt('2022-03-31T23:50:00Z')
    const after = await candleOf(symbol, 'h1')
    expect(after).toMatchObject({ low: 1, closed: true, revision: 4 })
    expect(after.updatedAt > before.updatedAt).toBe(true)
  })
})

describe('a candle does not close before its last tick is in', () => {
  test('while ingest is down it stays open, and closes with its last tick', async () => {
    const symbol = 'DOWN'
    await world.send([
      { symbol, mid: 1, dateTime: '2022-04-02T10:00:05' },
      { symbol, mid: 2, dateTime: '2022-04-02T10:00:55' },
    ])
    await world.ingest(1)
    await rollupAt('2022-04-02T10:00:58Z')
    await rollupAt('2022-04-02T10:01:01Z')
    expect(await candleOf(symbol, 'm1')).toMatchObject({ volume: 1, closed: false, revision: 1 })
    await world.ingest()
    await rollupAt('2022-04-02T10:01:02Z')
    expect(await candleOf(symbol, 'm1')).toMatchObject({ volume: 2, close: 2, closed: true, revision: 2 })
  })

  test('ingest that is always a minute behind: every candle closes a minute late, with all its ticks', async () => {
    const symbol = 'BEHIND'
    const ticksOf = (minute: number) =>
      ['05', '30'].map(second => ({ symbol, mid: minute, dateTime: `2022-04-03T10:0${minute}:${second}` }))
    await world.send(ticksOf(1))
    for (let minute = 2; minute <= 5; minute++) {
      await rollupAt(`2022-04-03T10:0${minute}:01Z`)
      await world.send(ticksOf(minute))
      await world.ingest(2)
    }
    await rollupAt('2022-04-03T10:05:40Z')
    const m1 = (await world.stored(symbol)).filter(({ timeframe }) => timeframe === 'm1')
    expect(m1.map(({ start, volume, closed }) => [start.slice(14, 16), volume, closed])).toEqual([
      ['01', 2, true],
      ['02', 2, true],
      ['03', 2, true],
      ['04', 2, true],
    ])
    await world.ingest()
  })

  test('markers and aborted ticks of transactions hold no candle open', async () => {
    const symbol = 'TRANSACTIONS'
    const producer = plainKafka().producer({ transactionalId: world.id, maxInFlightRequests: 1 })
    await producer.connect()
    const committed = await producer.transaction()
    await world.send([{ symbol, mid: 1, dateTime: '2022-04-04T10:00:05', partition: 1 }], committed)
    await committed.commit()
    await world.ingest()
    const aborted = await producer.transaction()
    await world.send([{ symbol, mid: 2, dateTime: '2022-04-04T10:00:06', partition: 2 }], aborted)
    await aborted.abort()
    world.drop()
    await producer.disconnect()
    await rollupAt('2022-04-04T10:01:01Z')
    expect(await candleOf(symbol, 'm1')).toMatchObject({ volume: 1, closed: true })
    expect(sorted(await world.stored(symbol))).toEqual(world.expected(symbol))
  })

  test('ticks of a producer whose clock is fast close when this clock says so, and equal their fold', async () => {
    const symbol = 'FAST'
    world.clock.nowMs = Date.parse('2022-04-05T10:00:00Z')
    await world.send([
      { symbol, mid: 1, dateTime: '2022-04-05T10:30:00' },
      { symbol, mid: 2, dateTime: '2022-04-05T10:00:00' },
    ])
    await world.ingest()
    await rollupAt('2022-04-05T10:01:01Z')
    const m1 = async () =>
      (await world.stored(symbol)).filter(({ timeframe }) => timeframe === 'm1').map(({ closed }) => closed)
    expect(await m1()).toEqual([true, false])
    await rollupAt('2022-04-05T10:31:01Z')
    expect(await m1()).toEqual([true, true])
    expect(sorted(await world.stored(symbol))).toEqual(world.expected(symbol))
  })

  test('the candles of two days that were all behind close in one call', async () => {
    const ticks = Array.from({ length: 40 }, (_, n) => n).flatMap(hour =>
      Array.from({ length: 80 }, (_, n) => ({
        symbol: `MANY${n}`,
        mid: hour,
        dateTime: new Date(Date.UTC(2022, 3, 6, hour, n % 60)).toISOString(),
      })),
    )
    world.clock.nowMs = Date.parse('2022-04-06T00:00:10Z')
    await world.state({ closedUntilUs: world.clock.nowMs * 1000, pending: [] })
    world.clock.nowMs = Date.parse('2022-04-08T00:00:10Z')
    await world.send(ticks)
    await world.ingest()
    expect(await world.rollup()).toMatchObject({ behind: 0, hoursStale: 0 })
    const stored = (await world.stored()).filter(({ symbol }) => symbol.startsWith('MANY'))
    const open = stored.filter(({ closed }) => !closed).map(({ timeframe }) => timeframe)
    expect(new Set(open)).toEqual(new Set(['W1', 'M1']))
    expect(sorted(stored)).toEqual(world.expected().filter(({ symbol }) => symbol.startsWith('MANY')))
  })
})
