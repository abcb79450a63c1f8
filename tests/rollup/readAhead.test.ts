import { beforeEach, describe, expect, test } from 'vitest'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { LARGEST_ROUND } from '../../lib/rollup/pace.ts'
import { planRound } from '../../lib/rollup/planRound.ts'
import { readAhead } from '../../lib/rollup/readAhead.ts'
import { loadInputs } from '../../lib/rollup/rollupInputs.ts'
import { readStored } from '../../lib/rollup/storedCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { CountingStore } from '../support/countingStore.ts'
import { rollUpInMemory } from '../support/memoryRollup.ts'
import { batch, ingest, newWorld, produce, tickJson, type World } from '../support/world.ts'

let world: World
let store: CountingStore
beforeEach(async () => {
  world = await newWorld()
  store = new CountingStore(world.services.store)
})

/** One tick of each of so many symbols, and their candles; then one more tick that candles lack. */
async function fill(symbols: number): Promise<void> {
  const ofSymbol = (n: number) => tickJson(n).replace('"x"', `"x${n}"`)
  produce(world, 0, ...Array.from({ length: symbols }, (_, n) => ofSymbol(n)))
  await ingest(world, [await batch(world, 0, 0, symbols)])
  await rollUpInMemory(world.services, 0)
  produce(world, 0, ofSymbol(0))
  await ingest(world, [await batch(world, 0, symbols, symbols + 1)])
}

/** What rollup reads of data files: while it waits for the grace to be over, and then. */
async function reads() {
  const services = { ...world.services, store, query: { rows: () => Promise.reject(new Error('not asked')) } }
  const candles = await world.catalog.loadTable(CANDLES_TABLE)
  const nowMs = () => Date.parse('2026-03-01T12:00:00.100Z')
  await readAhead({ ...services, nowMs }, candles, LARGEST_ROUND)
  const ahead = store.dataFilesRead.splice(0)
  const { stored } = await planRound(services, await loadInputs(services), undefined, LARGEST_ROUND)
  await readStored(store, stored)
  return { ahead, after: store.dataFilesRead }
}

describe('what is read while the minute’s last ticks are waited for', () => {
  test('is not read again: the new ticks and the candles that they touch', async () => {
    await fill(3)
    const { ahead, after } = await reads()
    expect(ahead).toHaveLength(12)
    expect(after).toEqual([])
  })

  test('holds no file of 2,100 candles: it is not kept, and would be read twice', async () => {
    await fill(2_100)
    const candleFiles = (
      await planFiles(world.services.store, await world.catalog.loadTable(CANDLES_TABLE))
    ).map(({ path }) => path)
    const { ahead, after } = await reads()
    expect(ahead).toHaveLength(1)
    expect(after.toSorted()).toEqual(candleFiles.toSorted())
  })
})
