import { beforeEach, describe, expect, test } from 'vitest'
import { planFiles } from '../../lib/iceberg/plan.ts'
import type { TableIdent } from '../../lib/iceberg/table.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { markRanges } from '../../lib/rollup/markRanges.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { CountingStore } from '../support/countingStore.ts'
import { addTicks, candlesIn, rollBack, stateOfCandles, withTrino } from '../support/rollupCalls.ts'
import { newWorld, SETTINGS, setUpAgain, type World } from '../support/world.ts'

const DAY = '2026-02-20'
const LIVE = '2026-03-01T12:00:01'

let world: World
beforeEach(async () => {
  world = await newWorld()
  await addTicks(world, [`${DAY}T10:00:01`, `${DAY}T11:00:01`, LIVE])
})
const load = (ident: TableIdent) => world.catalog.loadTable(ident)

/** One call of a new process. */
async function rollUp(settings = SETTINGS) {
  const store: ObjectStore = new CountingStore(world.services.store)
  world.clock.nowMs += 60_000
  return rollupCandles({ ...withTrino(world), store, settings }, UNBOUNDED)
}
const volumes = async () => {
  const rows = await candlesIn(world)
  return rows.filter(({ timeframe }) => timeframe === 'm1').map(({ volume, close }) => [volume, close])
}

test('LAYOUT_MISMATCH goes with the table renamed and set up again', async () => {
  const updates = { 'tickhouse.layout-version': '99' }
  await world.catalog.commit(CANDLES_TABLE, [], [{ action: 'set-properties', updates }])
  for (const call of [rollUp, () => setUpAgain(world)]) {
    await expect(call()).rejects.toMatchObject({ code: 'LAYOUT_MISMATCH' })
  }
  await world.catalog.dropTable(CANDLES_TABLE)
  await setUpAgain(world)
  await rollUp()
  expect(await volumes()).toHaveLength(3)
})

describe('PRICE_MISMATCH', () => {
  const asked = { ...SETTINGS, price: 'ask' as const }
  beforeEach(async () => {
    await rollUp()
    await expect(rollUp(asked)).rejects.toMatchObject({ code: 'PRICE_MISMATCH' })
  })

  test('goes with the setting put back', async () => {
    await addTicks(world, [LIVE])
    await rollUp()
    expect(await volumes()).toContainEqual([2, 1.5])
  })

  test('goes with the candles dropped and set up again: they are made of the other price', async () => {
    await world.catalog.dropTable(CANDLES_TABLE)
    await setUpAgain(world, asked)
    await rollUp(asked)
    expect(await volumes()).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ])
  })
})

test('TABLE_MISSING goes with set-up', async () => {
  await world.catalog.dropTable(CANDLES_TABLE)
  await expect(rollUp()).rejects.toMatchObject({ code: 'TABLE_MISSING' })
  await setUpAgain(world)
  await rollUp()
  expect(await volumes()).toHaveLength(3)
})

describe.each([
  ['OBJECT_MISSING', async (path: string) => world.services.store.remove(path)],
  ['FILE_UNREADABLE', async (path: string) => world.services.store.write(path, Buffer.from('PAR1 nothing'))],
] as const)('%s', (code, harm) => {
  /** Harms the file of the day's h1 candles, which a repair needs. */
  async function harmed() {
    const day = { from: Date.parse(DAY) * 1000, to: Date.parse(DAY) * 1000 + 86_399_999_999 }
    const within = { date_time: day, timeframe: { from: 'h1', to: 'h1' } }
    const [file, ...others] = await planFiles(world.services.store, await load(CANDLES_TABLE), { within })
    expect(others).toEqual([])
    const bytes = await world.services.store.read(file!.path)
    await markRanges(world.services, [{ fromUs: day.from, toUs: day.to }])
    await harm(file!.path)
    await addTicks(world, ['2026-03-01T12:02:01'])
    await expect(rollUp()).rejects.toMatchObject({ code })
    const { vector, hours } = await stateOfCandles(world)
    // Live candles have gone on.
    expect(vector.positions).toMatchObject([{ next: 4 }])
    expect(hours.damaged.isEmpty).toBe(false)
    return { path: file!.path, bytes }
  }
  const isDone = async () => (await stateOfCandles(world)).hours.stale.isEmpty

  test('goes with the file put back', async () => {
    await rollUp()
    const { path, bytes } = await harmed()
    await world.services.store.write(path, bytes)
    await rollUp()
    expect(await isDone()).toBe(true)
  })

  test('goes with the table rolled back to a version that does not need the file', async () => {
    const before = await load(CANDLES_TABLE)
    await rollUp()
    await harmed()
    await rollBack(world, before)
    await rollUp()
    expect(await isDone()).toBe(true)
    expect(await volumes()).toHaveLength(4)
  })
})
