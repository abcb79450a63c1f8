import { beforeEach, describe, expect, test } from 'vitest'
import type { Query } from '../../lib/ports.ts'
import { MAX_ATTEMPTS } from '../../lib/retry.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import {
  answerLost,
  type CommitFault,
  conflict,
  faultyCatalog,
  neverArrived,
  successTold409,
} from '../support/faultyCatalog.ts'
import { addTicks, type Before, candlesIn, stateOfCandles, withTrino } from '../support/rollupCalls.ts'
import { newWorld, type World } from '../support/world.ts'

const LIVE = '2026-03-01T12:00:01'
const LATE = '2026-02-20T05:00:00'

let world: World
beforeEach(async () => {
  world = await newWorld()
})

/** A call, and whether the candle topics were up to date at its end, had publish run each time that the call started it. */
async function call(...faults: CommitFault[]) {
  const services = { ...withTrino(world), catalog: faultyCatalog(world.catalog, ...faults) }
  let published: Promise<string> | undefined
  const result = await rollupCandles(services, UNBOUNDED, () => {
    published = contents()
  })
  return { ...result, isPublished: (await published) === (await contents()) }
}
const contents = async () => JSON.stringify(await candlesIn(world))
const through: CommitFault = commit => commit()

describe('publish is started', () => {
  test('for candles that have changed', async () => {
    await addTicks(world, [LIVE, LATE])
    expect(await call()).toMatchObject({ changed: 22, isPublished: true })
  })

  test('for nothing where none has', async () => {
    await addTicks(world, [LIVE])
    await call()
    let started = 0
    await rollupCandles(withTrino(world), UNBOUNDED, () => void started++)
    expect(started).toBe(0)
  })

  test.each([
    ['was made and not answered', answerLost],
    ['was made and told as a conflict', successTold409],
    ['was not made and not answered', neverArrived],
    ['lost a race', conflict],
  ])('for candles of a live commit that %s', async (_, fault) => {
    await addTicks(world, [LIVE])
    expect(await call(fault)).toMatchObject({ isPublished: true })
    expect((await candlesIn(world)).map(({ revision }) => revision)).toEqual(Array(11).fill(1))
  })

  test.each([
    ['was made and not answered', answerLost],
    ['was made and told as a conflict', successTold409],
    ['was not made and not answered', neverArrived],
    ['lost a race', conflict],
  ])('for candles of a commit of the backlog that %s', async (_, fault) => {
    await addTicks(world, [LIVE, LATE])
    expect(await call(through, fault)).toMatchObject({ hoursStale: 0, isPublished: true })
    expect((await candlesIn(world)).map(({ revision }) => revision)).toEqual(Array(22).fill(1))
  })

  test('also where the last attempt was made and not answered, and the call fails', async () => {
    await addTicks(world, [LIVE])
    const faults = [...Array(MAX_ATTEMPTS - 1).fill(conflict), answerLost]
    const catalog = faultyCatalog(world.catalog, ...faults)
    let published: Promise<string> | undefined
    const failing = rollupCandles({ ...withTrino(world), catalog }, UNBOUNDED, () => {
      published = contents()
    })
    await expect(failing).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' })
    expect(await published).toBe(await contents())
    expect(await candlesIn(world)).toHaveLength(11)
  })
})

describe('the backlog', () => {
  const hour = (i: number) => new Date(Date.parse('2026-03-01T07:00Z') - i * 7_200_000)
  const hours = (count: number) => Array.from({ length: count }, (_, i) => hour(i).toISOString().slice(0, 19))

  test('goes on while ingest commits more in a round than the list of snapshots is long', async () => {
    const services = withTrino(world)
    let rounds = 0
    const query: Query = {
      async rows<Row>(sql: string): Promise<Row[]> {
        const rows = await services.query.rows<Row>(sql)
        // Trino has read its tables before: what goes from the list while it folds is of no matter to it.
        if (sql.includes('FULL JOIN') && rounds++ === 0) {
          for (let i = 0; i < 310; i++) await addTicks(world, [LIVE])
        }
        return rows
      },
    }
    await addTicks(world, hours(100))
    const { hoursDone, hoursStale } = await rollupCandles({ ...services, query }, UNBOUNDED)
    expect({ hoursDone, hoursStale }).toEqual({ hoursDone: 100, hoursStale: 0 })
    expect(rounds).toBeGreaterThan(1)
  })

  test('takes in no tick above what the live round took in: the next one finds it', async () => {
    const before: Before = async ({ isBacklog }) => {
      if (isBacklog) await addTicks(world, [LATE])
    }
    await addTicks(world, [LATE])
    await rollupCandles(withTrino(world, before), UNBOUNDED)
    const volumes = async () =>
      (await candlesIn(world)).filter(({ timeframe }) => timeframe === 'm1').map(({ volume }) => volume)
    expect(await volumes()).toEqual([1])
    expect((await stateOfCandles(world)).hours.stale.isEmpty).toBe(true)
    await rollupCandles(withTrino(world), UNBOUNDED)
    expect(await volumes()).toEqual([2])
  })
})
