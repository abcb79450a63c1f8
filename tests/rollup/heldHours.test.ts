import { beforeEach, describe, expect, test } from 'vitest'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { HourSet } from '../../lib/market/hours.ts'
import { newlyHeld, stretchOf } from '../../lib/rollup/heldHours.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { CountingStore } from '../support/countingStore.ts'
import { deleteRows } from '../support/foreignDeletes.ts'
import { addTicks } from '../support/rollupCalls.ts'
import { newWorld, type World } from '../support/world.ts'

/** The clock stands at 2026-03-01T12:00:10. */
const NOW_US = Date.UTC(2026, 2, 1, 12, 0, 10) * 1000

let world: World
let store: CountingStore
beforeEach(async () => {
  world = await newWorld()
  store = new CountingStore(world.services.store)
})
const dayOf = (day: string) => Date.parse(day) / 86_400_000
const hoursOf = (...times: string[]) => HourSet.of(times.map(time => Date.parse(`${time}:00Z`) / 3_600_000))
const filesOf = async (...days: string[]) => {
  const files = await planFiles(world.services.store, await world.catalog.loadTable(TICKS_TABLE))
  return files.filter(({ partition }) => days.some(day => partition.date_time_day === dayOf(day)))
}

/** The days that are held once some hours were touched. */
async function held(touched: HourSet, before = HourSet.EMPTY): Promise<string[]> {
  const ticks = await world.catalog.loadTable(TICKS_TABLE)
  const days = (await newlyHeld(store, ticks, { held: before, touched, nowUs: NOW_US })).days()
  expect(days.every(([, hours]) => hours === 0xffffff)).toBe(true)
  return days.map(([day]) => new Date(day * 86_400_000).toISOString().slice(0, 10))
}

/** So many rows of a day's file are deleted by their places. */
async function deleteFirst(count: number, day: string): Promise<void> {
  for (const file of await filesOf(day))
    await deleteRows(world.services, TICKS_TABLE, [{ file, places: [...Array(count).keys()] }])
}

describe('held are', () => {
  test('the touched days before the first that has ticks, whole, and no day that was not touched', async () => {
    await addTicks(world, ['2026-02-20T10:00:01'])
    const touched = hoursOf('2026-02-10T05', '2026-02-18T23', '2026-02-20T10', '2026-02-21T00')
    expect(await held(touched)).toEqual(['2026-02-10', '2026-02-18'])
    expect(store.dataFilesRead).toEqual([])
  })

  test('all touched days where no ticks are left, but never today', async () => {
    const touched = hoursOf('2026-02-10T05', '2026-02-28T23', '2026-03-01T03')
    expect(await held(touched)).toEqual(['2026-02-10', '2026-02-28'])
  })

  test('also where ticks are left of hours that are held before: these do not count', async () => {
    await addTicks(world, ['2026-02-10T10:00:01', '2026-02-20T10:00:01'])
    const before = hoursOf('2026-02-10T10').wholeDays()
    expect(await held(hoursOf('2026-02-10T10', '2026-02-15T01'), before)).toEqual(['2026-02-15'])
    const apart = hoursOf('2026-02-10T11')
    expect(await held(hoursOf('2026-02-15T01'), apart)).toEqual([])
  })

  test('days of which every row is deleted by its place, though their files are there', async () => {
    await addTicks(world, ['2026-02-10T10:00:01', '2026-02-10T10:00:02', '2026-02-20T10:00:01'])
    await deleteFirst(2, '2026-02-10')
    expect(await held(hoursOf('2026-02-10T10'))).toEqual(['2026-02-10'])
    expect(store.dataFilesRead).toHaveLength(1)
  })
})

describe('no delete file is read', () => {
  test('that has not places enough for all rows of its file', async () => {
    await addTicks(world, ['2026-02-10T10:00:01', '2026-02-10T10:00:02'])
    await deleteFirst(1, '2026-02-10')
    expect(await held(hoursOf('2026-02-10T10'))).toEqual([])
    expect(store.dataFilesRead).toEqual([])
  })

  test('of a day behind the first that has ticks, or behind those that were touched', async () => {
    await addTicks(world, ['2026-02-10T10:00:01', '2026-02-12T10:00:01', '2026-02-20T10:00:01'])
    await deleteFirst(1, '2026-02-12')
    await deleteFirst(1, '2026-02-20')
    expect(await held(hoursOf('2026-02-12T10'))).toEqual([])
    expect(await held(hoursOf('2026-02-09T10'))).toEqual(['2026-02-09'])
    expect(store.dataFilesRead).toEqual([])
  })
})

test.each([
  ['is gone', (path: string) => store.remove(path)],
  ['is damaged', (path: string) => store.write(path, Buffer.from('PAR1'))],
])('a day has ticks as far as anybody can tell when its delete file %s', async (_, harm) => {
  await addTicks(world, ['2026-02-10T10:00:01', '2026-02-11T10:00:01'])
  await deleteFirst(1, '2026-02-10')
  const [file] = await filesOf('2026-02-10')
  await harm(file!.deletes![0]!.path)
  expect(await held(hoursOf('2026-02-09T10', '2026-02-10T10'))).toEqual(['2026-02-09'])
})

test('a stretch is said by its first and last day, and how many hours of it are meant', () => {
  expect(stretchOf(HourSet.EMPTY)).toBeUndefined()
  expect(stretchOf(hoursOf('1969-12-31T23', '2026-02-10T00'))).toEqual({
    firstDay: '1969-12-31',
    lastDay: '2026-02-10',
    hours: 2,
  })
})
