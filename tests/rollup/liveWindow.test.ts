import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { commitSnapshot } from '../../lib/iceberg/commit.ts'
import type { DataFile } from '../../lib/iceberg/dataFile.ts'
import { stageSnapshot } from '../../lib/iceberg/stage.ts'
import { encodeDataFile } from '../../lib/iceberg/write.ts'
import { mergeRanges, type TimeRange } from '../../lib/market/range.ts'
import {
  chooseLiveMinutes,
  dividedBy,
  MAX_LIVE_ROWS,
  narrowestWindow,
  widestWindow,
} from '../../lib/rollup/liveWindow.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { CountingStore } from '../support/countingStore.ts'
import { MemoryStore } from '../support/memoryStore.ts'
import { tickColumns } from '../support/tickColumns.ts'
import { newWorld, type World } from '../support/world.ts'

const MINUTE_US = 60_000_000
const at = (text: string) => Date.parse(`2026-03-01T${text}Z`) * 1000
const NOW_US = at('12:37:20')
const range = (from: string, to: string): TimeRange => ({ fromUs: at(from), toUs: at(to) })
const stretches = (ranges: readonly TimeRange[]) =>
  ranges.map(({ fromUs, toUs }) =>
    [fromUs, toUs].map(timeUs => new Date(timeUs / 1000).toISOString().slice(11, 16)),
  )

describe('the window', () => {
  test('reaches from the start of the hour before until an hour after the present minute', () => {
    expect(widestWindow(NOW_US)).toEqual(range('11:00', '13:38'))
    expect(widestWindow(at('12:00'))).toEqual(range('11:00', '13:01'))
    expect(widestWindow(at('12:59:59.999'))).toEqual(range('11:00', '14:00'))
  })

  test('at its narrowest has the last three minutes, the present one and the hour to come', () => {
    expect(narrowestWindow(NOW_US)).toEqual(range('12:34', '13:38'))
  })

  test('divides touched minutes into those within and those left, and loses none', () => {
    const minute = fc.integer({ min: -200, max: 300 }).map(n => NOW_US - (NOW_US % MINUTE_US) + n * MINUTE_US)
    const touched = fc
      .array(fc.tuple(minute, fc.integer({ min: 1, max: 30 })))
      .map(list => mergeRanges(list.map(([fromUs, n]) => ({ fromUs, toUs: fromUs + n * MINUTE_US }))))
    fc.assert(
      fc.property(touched, fc.boolean(), (ranges, isWide) => {
        const window = isWide ? widestWindow(NOW_US) : narrowestWindow(NOW_US)
        const { inside, left } = dividedBy(window, ranges)
        expect(mergeRanges([...inside, ...left])).toEqual(ranges)
        expect(inside.every(({ fromUs, toUs }) => fromUs >= window.fromUs && toUs <= window.toUs)).toBe(true)
        expect(left.every(({ fromUs, toUs }) => toUs <= window.fromUs || fromUs >= window.toUs)).toBe(true)
      }),
    )
  })
})

describe('chooseLiveMinutes', () => {
  let world: World
  let store: CountingStore
  beforeEach(async () => {
    world = await newWorld()
    store = new CountingStore(world.services.store)
  })

  /** Files of so many rows between two moments. Only the manifests have them: they are there to be counted, not read. */
  async function commit(...files: readonly { from: string; to: string; rows: number }[]): Promise<void> {
    const { catalog, clock } = world
    const table = await catalog.loadTable(TICKS_TABLE)
    const add = files.map(({ from, to, rows }): DataFile => {
      const columns = tickColumns([from, to].map((time, offset) => tickAt(at(time), offset)))
      return { ...encodeDataFile(table, columns, 2).file, recordCount: rows }
    })
    const staged = await stageSnapshot(world.services.store, table, { add, nowMs: clock.nowMs })
    await commitSnapshot(catalog, table, staged)
  }

  async function choose(...touched: TimeRange[]) {
    const ticks = await world.catalog.loadTable(TICKS_TABLE)
    const { window, inside, left } = await chooseLiveMinutes(store, ticks, touched, NOW_US)
    return { window: stretches([window])[0], inside: stretches(inside), left: stretches(left) }
  }

  test('recomputes what is touched in the widest window, while that has at most 300,000 rows', async () => {
    await commit({ from: '11:00:00', to: '11:59:59', rows: MAX_LIVE_ROWS })
    expect(await choose(range('10:59', '12:00'))).toEqual({
      window: ['11:00', '13:38'],
      inside: [['11:00', '12:00']],
      left: [['10:59', '11:00']],
    })
  })

  test('counts rows of touched minutes only: a full hour of which a minute is touched stays in', async () => {
    await commit({ from: '11:00:00', to: '11:59:59', rows: 10_000_000 })
    expect(await choose(range('11:30', '11:31'))).toMatchObject({ window: ['11:00', '13:38'], left: [] })
  })

  test.each([
    ['40 minutes', '11:57', 4_500],
    ['15 minutes', '12:22', 10_000],
    ['6 minutes', '12:31', 30_000],
  ])('shrinks to the last %s where more rows are touched', async (_, from, rowsPerMinute) => {
    await commit({ from: '11:00:00', to: '11:59:59', rows: 60 * rowsPerMinute })
    await commit({ from: '12:00:00', to: '12:37:59', rows: 38 * rowsPerMinute })
    await commit({ from: '10:00:00', to: '10:59:59', rows: 600_000_000 })
    expect(await choose(range('10:00', '12:38'))).toEqual({
      window: [from, '13:38'],
      inside: [[from, '12:38']],
      left: [['10:00', from]],
    })
  })

  test('keeps the last three minutes, however many rows they have', async () => {
    await commit({ from: '12:30:00', to: '12:37:59', rows: 80_000_000 })
    expect(await choose(range('12:30', '12:38'))).toEqual({
      window: ['12:34', '13:38'],
      inside: [['12:34', '12:38']],
      left: [['12:30', '12:34']],
    })
  })

  test('leaves what is more than an hour ahead', async () => {
    expect(await choose(range('13:30', '13:45'), range('18:00', '18:01'))).toEqual({
      window: ['11:00', '13:38'],
      inside: [['13:30', '13:38']],
      left: [
        ['13:38', '13:45'],
        ['18:00', '18:01'],
      ],
    })
  })

  test('asks nothing of the table where no touched minute is near now, and opens no data file where one is', async () => {
    const ticks = await world.catalog.loadTable(TICKS_TABLE)
    const far = [range('03:00', '03:01')]
    // A store without any file, not even a manifest.
    expect(await chooseLiveMinutes(new MemoryStore(), ticks, far, NOW_US)).toMatchObject({
      inside: [],
      left: far,
    })
    await commit({ from: '12:30:00', to: '12:37:59', rows: 80_000_000 })
    await choose(range('12:30', '12:38'))
    expect(store.dataFilesRead).toEqual([])
  })
})

function tickAt(dateTimeUs: number, offset: number) {
  const tick = {
    source: 's',
    symbol: 'x',
    ask: 1,
    bid: 1,
    mid: 1,
    askMarkup: null,
    bidMarkup: null,
    isTradable: null,
    number: 1,
    dateTimeUs,
    receiveDateTimeUs: null,
    extra: null,
  }
  return { tick, partition: 0, offset, timestampMs: 1 }
}
