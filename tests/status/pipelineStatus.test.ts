import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { HourSet } from '../../lib/market/hours.ts'
import { pipelineStatus } from '../../lib/status/pipelineStatus.ts'
import {
  type CandlesState,
  candlesState,
  candlesSummary,
  NOTHING_STALE,
} from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { rollUpInMemory } from '../support/memoryRollup.ts'
import { batch, ingest, newWorld, produce, tickJson, type World } from '../support/world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})

const status = () => pipelineStatus(world.services)

/** What a rollup's commit says; the rows do not matter here. */
async function say(changes: Partial<CandlesState>): Promise<void> {
  const { catalog, services, clock } = world
  const table = await catalog.loadTable(CANDLES_TABLE)
  const summary = candlesSummary({ ...candlesState(table), ...changes })
  const change = { add: [], summary, nowMs: clock.nowMs }
  await commitSnapshot(catalog, table, await stageSnapshot(services.store, table, change))
}

describe('the status of the pipeline', () => {
  test('has no lag where a transaction was aborted at the end of a log', async () => {
    const transaction = world.log.begin()
    transaction.append('ticks', 1, [{ value: Buffer.from(tickJson(1)) }])
    transaction.abort()
    expect(await status()).toMatchObject({ ingestLag: 0 })
  })

  test('counts 2 ticks, 1 dead letter, 1 record that ingest has yet to take, and what live candles do not have', async () => {
    produce(world, 0, tickJson(1), 'no json', tickJson(2))
    await ingest(world, [await batch(world, 0, 0, 3)])
    produce(world, 0, tickJson(3))
    expect(await status()).toMatchObject({
      ticks: 2,
      deadLetters: 1,
      ingestLag: 1,
      rollupLag: 3,
      staleHours: 0,
    })
    await rollUpInMemory(world.services, 0)
    expect(await status()).toMatchObject({
      rollupLag: 0,
      newestCandleUs: Date.parse('2026-03-01T12:00Z') * 1000,
    })
  })

  test('counts stale hours beside live candles that follow', async () => {
    await say({ hours: { ...NOTHING_STALE, stale: HourSet.of([1, 2, 700]) } })
    expect(await status()).toMatchObject({ staleHours: 3, rollupLag: 0 })
  })

  test('says that candles close 1.9 s after their minute, and how long the next are overdue once they are', async () => {
    const minuteMs = Math.floor(world.clock.nowMs / 60_000) * 60_000
    await say({ closedUntilUs: minuteMs * 1_000, delayMs: 1_900 })
    for (const [afterMs, liveDelayMs] of [
      [1_900, 1_900],
      [61_000, 1_900],
      [62_000, 2_000],
      [360_000, 300_000],
    ] as const) {
      world.clock.nowMs = minuteMs + afterMs
      expect(await status()).toMatchObject({ liveDelayMs })
    }
  })

  test('says nothing of a delay before candles have closed', async () => {
    expect((await status()).liveDelayMs).toBeUndefined()
    await say({ closedUntilUs: 0, delayMs: undefined })
    world.clock.nowMs += 600_000
    expect((await status()).liveDelayMs).toBeUndefined()
  })
})
