import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { markRanges } from '../../lib/rollup/markRanges.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { carriedState } from '../../lib/tables/layout.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { addTicks, candlesIn, stateOfCandles, withTrino } from '../support/rollupCalls.ts'
import { newWorld, type World } from '../support/world.ts'

const hourOf = (time: string) => {
  const fromUs = Date.parse(`2026-03-01T${time}:00Z`) * 1000
  return { fromUs, toUs: fromUs + 3_600_000_000 }
}

let world: World
beforeEach(async () => {
  world = await newWorld()
})

/** Every tick is deleted, and nobody is told: the commit says that it is ours. */
async function deleteTicks(): Promise<void> {
  const { catalog, services, clock } = world
  const table = await catalog.loadTable(TICKS_TABLE)
  const remove = await planFiles(services.store, table)
  const staged = await stageSnapshot(services.store, table, {
    add: [],
    remove,
    summary: carriedState(table),
    nowMs: clock.nowMs,
  })
  await commitSnapshot(catalog, table, staged)
}

const rollUp = (services = withTrino(world)) => rollupCandles(services, UNBOUNDED)
const timeframesIn = async () => new Set((await candlesIn(world)).map(({ timeframe }) => timeframe))

describe('hours that are marked', () => {
  test('are those with ticks or candles in the stretches; the backlog then does them', async () => {
    await addTicks(world, ['2026-03-01T02:00:30', '2026-03-01T04:00:30'])
    await rollUp()
    await deleteTicks()
    expect(await markRanges(world.services, [hourOf('02:00'), hourOf('09:00')])).toBe(1)
    expect((await stateOfCandles(world)).hours.damaged.size).toBe(1)
    await rollUp()
    const times = (await candlesIn(world)).filter(({ timeframe }) => timeframe === 'm1')
    expect(times).toHaveLength(1)
  })

  test('keep a rollup that is under way from making candles of ticks that are gone, also where none has rows', async () => {
    await addTicks(world, ['2026-03-01T03:00:30'])
    let marked: number | undefined
    const services = withTrino(world, async ({ isBacklog }) => {
      if (!isBacklog || marked !== undefined) return
      await deleteTicks()
      marked = await markRanges(world.services, [hourOf('03:00')])
    })
    await rollUp(services)
    expect(marked).toBe(0)
    expect(await timeframesIn()).toEqual(new Set())
  })
})
