import { beforeEach, describe, expect, test } from 'vitest'
import { type PublishServices, publishCandles, readMark } from '../../lib/publish/publishCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { partitionedBy, withMetadata } from '../support/changedMetadata.ts'
import { MemoryTransactionalWriter } from '../support/memoryProducers.ts'
import { candle, storeCandles } from '../support/storeCandles.ts'
import { newWorld, SETTINGS, type World } from '../support/world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n)

/** A cold process publishes, unless `changes` are of a warm one. */
function publish(changes: Partial<PublishServices> = {}, remainingMs = 300_000) {
  const candleWriter = new MemoryTransactionalWriter(world.log, new Map(), 'publisher')
  const cold = { candleWriter, published: { mark: undefined } }
  return publishCandles({ ...world.services, ...cold, ...changes }, () => remainingMs)
}

/** What is on a candle topic, as `volume:revision`, a tombstone as its revision alone, by partition in the order of offsets. */
async function onTopic(timeframe: string): Promise<string[]> {
  const topic = SETTINGS.candleTopicPrefix + timeframe
  const found: string[] = []
  for (const [partition, { low, high }] of await world.log.offsets(topic)) {
    for await (const records of world.log.records(topic, partition, low, high)) {
      for (const { value, headers } of records) {
        if (value === null) found.push(`:${headers['tickhouse.revision']}`)
        else {
          const { volume, revision } = JSON.parse(String(value))
          found.push(`${volume}:${revision}`)
        }
      }
    }
  }
  return found
}

function makeAgain(topic: string) {
  world.log.deleteTopic(topic)
  world.log.createTopic(topic, 4)
}

const first = (count: number) => numbers(1, count + 1).map(n => candle(n, 100))
const names = (count: number) =>
  numbers(1, count + 1)
    .map(n => `${n}:1`)
    .sort()

describe('a candle topic that was made again', () => {
  test('gets every newest revision and tombstone; other topics get nothing again', async () => {
    const hours = [[candle(1, 100, 1, 'h1')], [candle(2, 100, 3, 'removed_h1')]]
    await storeCandles(world, first(20), ...hours)
    await publish()
    await storeCandles(world, [...first(19), candle(20, 200, 2)], ...hours)
    await publish()
    makeAgain('candle_m1')
    expect(await publish()).toMatchObject({ sent: 20, complete: true })
    expect((await onTopic('m1')).sort()).toEqual([...names(19), '20:2'].sort())
    makeAgain('candle_h1')
    expect(await publish()).toMatchObject({ sent: 2 })
    expect((await onTopic('h1')).sort()).toEqual(['1:1', ':3'])
    expect(await onTopic('m1')).toHaveLength(20)
    expect(await publish()).toMatchObject({ sent: 0, transactions: 0 })
  })

  test.each([
    ['not at all', partitionedBy()],
    ['by timeframe and symbol', partitionedBy([3, 'identity'], [2, 'identity'])],
    ['by year', partitionedBy([4, 'year'])],
  ])(
    'is filled also from files that others partitioned %s, and with its own timeframe alone',
    async (_, by) => {
      world = withMetadata(world, CANDLES_TABLE, by)
      const timeframes = ['m1', 'h1', 'removed_m1']
      await storeCandles(
        world,
        first(30).map((row, n) => ({ ...row, timeframe: timeframes[n % 3]! })),
      )
      await publish()
      const before = (await onTopic('m1')).sort()
      expect(before).toHaveLength(20)
      makeAgain('candle_m1')
      expect(await publish()).toMatchObject({ sent: 20, complete: true })
      expect((await onTopic('m1')).sort()).toEqual(before)
      expect(await onTopic('h1')).toHaveLength(10)
    },
  )

  test('is filled in parts by calls that run out of time, and gets what changes meanwhile once', async () => {
    await storeCandles(world, first(10_100))
    await publish()
    makeAgain('candle_m1')
    let left = 3
    const short = async () => {
      const candleWriter = new MemoryTransactionalWriter(world.log, new Map(), 'publisher')
      left = 3
      return publishCandles({ ...world.services, candleWriter, published: { mark: undefined } }, () =>
        --left > 0 ? 300_000 : 0,
      )
    }
    expect(await short()).toMatchObject({ complete: false })
    expect((await readMark(world.services))?.refills).toMatchObject([{ timeframe: 'm1' }])
    await storeCandles(world, [...first(10_098), candle(10_099, 200, 2), candle(10_101, 200)])
    for (let call = 0; call < 10 && !(await short()).complete; call++);
    const sent = await onTopic('m1')
    expect(new Set(sent).size).toBe(sent.length)
    expect(names(10_098).filter(each => sent.includes(each))).toHaveLength(10_098)
    expect(sent).toContain('10099:2')
    expect(sent).toContain('10101:1')
    expect((await readMark(world.services))?.refills).toEqual([])
  })

  test('gets what was sent to it before anybody noticed no second time', async () => {
    await storeCandles(world, first(10))
    const warm = { candleWriter: world.services.candleWriter, published: world.services.published }
    await publish(warm)
    makeAgain('candle_m1')
    await storeCandles(world, [...first(8), candle(9, 200, 2), candle(10, 200, 2)])
    expect(await publish(warm)).toMatchObject({ sent: 10 })
    expect((await onTopic('m1')).sort()).toEqual([...names(8), '10:2', '9:2'].sort())
  })

  test('that is made again while it is filled is filled from the beginning', async () => {
    await storeCandles(world, first(5_100))
    await publish()
    makeAgain('candle_m1')
    let calls = 0
    expect(await publish({ nowMs: () => (++calls > 2 ? 50_000 : 49_999) })).toMatchObject({ sent: 5_000 })
    makeAgain('candle_m1')
    expect(await publish()).toMatchObject({ sent: 5_100, complete: true })
    expect((await onTopic('m1')).sort()).toEqual(names(5_100))
  })

  test('waits for the next minute when this one is about to end', async () => {
    await storeCandles(world, first(3))
    await publish()
    makeAgain('candle_m1')
    expect(await publish({ nowMs: () => 50_000 })).toEqual({
      sent: 0,
      transactions: 0,
      fenced: false,
      complete: false,
    })
    expect(await publish({ nowMs: () => 60_000 })).toMatchObject({ sent: 3, complete: true })
  })

  test('of a mark of an earlier version, and of a broker without ids, is not noticed; what is new is sent', async () => {
    world.log.hideTopicIds()
    await storeCandles(world, first(3))
    await publish()
    makeAgain('candle_m1')
    await storeCandles(world, [...first(2), candle(3, 200, 2)])
    expect(await publish()).toMatchObject({ sent: 1, complete: true })
  })

  test('that is not there stops the publisher with the command that makes it; then it goes on', async () => {
    await storeCandles(world, first(3))
    await publish()
    world.log.deleteTopic('candle_m1')
    await storeCandles(world, [...first(2), candle(3, 200, 2)])
    await expect(publish()).rejects.toThrow(/candle_m1.*npm run set-up/)
    world.log.createTopic('candle_m1', 4)
    await publish()
    expect((await onTopic('m1')).sort()).toEqual(['1:1', '2:1', '3:2'])
  })
})

describe('a mark that is gone with its topic', () => {
  test('is found again from the candle topics: nothing is sent twice, and all that is new', async () => {
    const days = [[candle(1, 100, 1, 'D1')], [candle(2, 90, 2, 'removed_D1')]]
    await storeCandles(world, first(300), ...days)
    await publish()
    makeAgain(SETTINGS.markTopic)
    expect(await publish()).toMatchObject({ sent: 0, complete: true })
    makeAgain(SETTINGS.markTopic)
    await storeCandles(world, [...first(299), candle(300, 200, 2), candle(301, 200)], ...days)
    expect(await publish()).toMatchObject({ sent: 2, complete: true })
    expect((await onTopic('m1')).sort()).toEqual([...names(300), '300:2', '301:1'].sort())
    expect((await onTopic('D1')).sort()).toEqual(['1:1', ':2'])
  })

  test('in the middle of a commit, is that of the last candle that was sent', async () => {
    await storeCandles(world, first(5_500))
    await publish({}, 0)
    makeAgain(SETTINGS.markTopic)
    expect(await publish()).toMatchObject({ sent: 500 })
    expect((await onTopic('m1')).sort()).toEqual(names(5_500))
  })

  test('behind a tombstone, is that of the tombstone', async () => {
    await storeCandles(world, [candle(1, 100), candle(2, 100)])
    await publish()
    await storeCandles(world, [candle(1, 100)], [candle(2, 200, 2, 'removed_m1')])
    await publish()
    makeAgain(SETTINGS.markTopic)
    expect(await publish()).toMatchObject({ sent: 0 })
    expect((await onTopic('m1')).filter(each => each.startsWith(':'))).toEqual([':2'])
    expect((await readMark(world.services))?.stampUs).toBe(200)
  })

  test('is not taken from what was sent again to a topic that had been made again', async () => {
    await storeCandles(world, first(100), [candle(1, 100, 1, 'm5')])
    await publish()
    await storeCandles(world, first(100), [candle(1, 200, 2, 'm5')])
    await publish()
    makeAgain('candle_m1')
    expect(await publish()).toMatchObject({ sent: 100 })
    makeAgain(SETTINGS.markTopic)
    expect(await publish()).toMatchObject({ sent: 0 })
    expect((await readMark(world.services))?.stampUs).toBe(200)
  })

  test('with a candle topic: that one is filled, the others get nothing again', async () => {
    await storeCandles(world, first(10), [candle(1, 100, 1, 'h1')])
    await publish()
    makeAgain(SETTINGS.markTopic)
    makeAgain('candle_m1')
    expect(await publish()).toMatchObject({ sent: 10, complete: true })
    expect((await onTopic('m1')).sort()).toEqual(names(10))
    expect(await onTopic('h1')).toEqual(['1:1'])
  })

  test('is that of what was sent again, where nothing else is left of the newest commit', async () => {
    await storeCandles(world, first(20), [candle(1, 100, 1, 'h1')])
    await publish()
    makeAgain('candle_m1')
    expect(await publish()).toMatchObject({ sent: 20 })
    makeAgain(SETTINGS.markTopic)
    expect(await publish()).toMatchObject({ sent: 0, complete: true })
    expect((await onTopic('m1')).sort()).toEqual(names(20))
    expect(await onTopic('h1')).toEqual(['1:1'])
  })

  test('while a topic was filled that had been made again: that goes on where it was', async () => {
    await storeCandles(world, first(5_100), [candle(1, 100, 1, 'm5')])
    await publish()
    makeAgain('candle_m1')
    let calls = 0
    expect(await publish({ nowMs: () => (++calls > 2 ? 50_000 : 49_999) })).toMatchObject({ sent: 5_000 })
    makeAgain(SETTINGS.markTopic)
    expect(await publish()).toMatchObject({ sent: 100, complete: true })
    expect((await onTopic('m1')).sort()).toEqual(names(5_100))
  })

  test('while a topic was filled and new candles were sent to it: that goes on, and nothing is sent twice', async () => {
    await storeCandles(world, first(5_100), [candle(1, 100, 1, 'm5')])
    await publish()
    makeAgain('candle_m1')
    let calls = 0
    expect(await publish({ nowMs: () => (++calls > 2 ? 50_000 : 49_999) })).toMatchObject({ sent: 5_000 })
    await storeCandles(world, [...first(5_099), candle(5_100, 200, 2), candle(5_101, 200)])
    expect(await publish({ nowMs: () => 50_000 })).toMatchObject({ sent: 2, complete: false })
    makeAgain(SETTINGS.markTopic)
    expect(await publish()).toMatchObject({ sent: 99, complete: true })
    expect((await onTopic('m1')).sort()).toEqual([...names(5_099), '5100:2', '5101:1'].sort())
    makeAgain(SETTINGS.markTopic)
    expect(await publish()).toMatchObject({ sent: 0, complete: true })
  })

  test('is not taken from a table before, whose clock was ahead: everything is sent', async () => {
    await storeCandles(world, [candle(1, 900)])
    await publish()
    const { log } = world
    world = await newWorld()
    world.services.topicLog = log
    world.log = log
    makeAgain(SETTINGS.markTopic)
    await storeCandles(world, [candle(1, 800), candle(2, 800)])
    expect(await publish()).toMatchObject({ sent: 2 })
  })

  test('with all candle topics is no mark: everything is sent', async () => {
    await storeCandles(world, first(10))
    await publish()
    makeAgain(SETTINGS.markTopic)
    makeAgain('candle_m1')
    expect(await publish()).toMatchObject({ sent: 10 })
  })
})
