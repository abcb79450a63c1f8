import { expect, test } from 'vitest'
import { encodeBound } from '../../lib/iceberg/bounds.ts'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import type { DataFile } from '../../lib/iceberg/dataFile.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { dayOf, MINUTE_US } from '../../lib/market/time.ts'
import { findNewTicks } from '../../lib/rollup/newTicks.ts'
import { loadInputs } from '../../lib/rollup/rollupInputs.ts'
import { fieldNamed } from '../../lib/tables/layout.ts'
import { advance } from '../../lib/tables/offsetVector.ts'
import { TICKS_SCHEMA, TICKS_TABLE, ticksState, ticksSummary } from '../../lib/tables/ticksTable.ts'
import { newWorld } from '../support/world.ts'

const START_US = Date.parse('2026-03-01T00:00:00Z') * 1_000
const DATE_TIME = fieldNamed(TICKS_SCHEMA, 'date_time')

/** A file of one tick, as a manifest describes it: it is there to be found, not read. */
function fileAt(minute: number): DataFile {
  const timeUs = START_US + minute * MINUTE_US
  const bounds = new Map([[DATE_TIME.id, encodeBound('timestamptz', timeUs)]])
  return {
    path: `s3://warehouse/market_data/stock_ticks/${minute}.parquet`,
    format: 'PARQUET',
    specId: 0,
    partition: { date_time_day: dayOf(timeUs) },
    recordCount: 1,
    fileSizeBytes: 1,
    lowerBounds: bounds,
    upperBounds: bounds,
  }
}

test('the minutes of 25,000 new files are found, in whatever order they come: neighbours joined, and gaps left', async () => {
  const { catalog, services, clock } = await newWorld()
  const COUNT = 25_000
  // Every minute but each thousandth, with far strides between one file and the next.
  const minutes = Array.from({ length: COUNT }, (_, i) => (i * 7_919) % COUNT).filter(
    minute => minute % 1_000 !== 0,
  )
  const table = await catalog.loadTable(TICKS_TABLE)
  const { vector, totals } = ticksState(table)
  const position = { epoch: vector.epoch, partition: 0, next: COUNT, timestampMs: 1 }
  const summary = ticksSummary({ vector: advance(vector, [position]), totals })
  const change = { add: minutes.map(fileAt), summary, nowMs: clock.nowMs }
  await commitSnapshot(catalog, table, await stageSnapshot(services.store, table, change))
  const found = await findNewTicks(services.store, await loadInputs(services))
  expect(found.isExact).toBe(true)
  expect(
    found.minutes.map(({ fromUs, toUs }) => [fromUs, toUs].map(timeUs => (timeUs - START_US) / MINUTE_US)),
  ).toEqual(Array.from({ length: 25 }, (_, i) => [i * 1_000 + 1, (i + 1) * 1_000]))
})
