import { describe, expect, it } from 'vitest'
import { lowerBound, upperBound } from '../../lib/iceberg/dataFile.ts'
import { InvalidRows } from '../../lib/iceberg/errors.ts'
import { decodeParquet } from '../../lib/iceberg/parquet.ts'
import { writeDataFile } from '../../lib/iceberg/write.ts'
import { dayStartUs, openWorld, readings, readingsSchema, usPerDay } from './fixtures.ts'

const [symbol, value, , serial, dateTime, , note] = readingsSchema.fields

describe('data files', () => {
  it('lie under data/ by partition, whose values they carry', async () => {
    const world = await openWorld()
    const file = await world.file({ symbol: 'north', day: 1 })
    expect(file.path).toMatch(
      /^s3:\/\/warehouse\/weather\/readings\/data\/symbol=north\/date_time_day=2025-03-21\/[\w-]{36}\.parquet$/,
    )
    expect(file.partition).toEqual({ symbol: 'north', date_time_day: 20_168 })
    const bytes = await world.store.read(file.path)
    expect(file.fileSizeBytes).toBe(bytes.length)
    expect((await decodeParquet(bytes, readingsSchema)).serial).toEqual([0n, 1n, 2n])
  })

  it('tell the smallest and largest value of each column, and nothing for one of nulls', async () => {
    const file = await (await openWorld()).file({ rows: 100, from: 40 })
    expect([lowerBound(file, serial!), upperBound(file, serial!)]).toEqual([40, 139])
    expect([lowerBound(file, value!), upperBound(file, value!)]).toEqual([5, 17.375])
    expect([lowerBound(file, dateTime!), upperBound(file, dateTime!)]).toEqual([dayStartUs, dayStartUs + 99])
    expect([lowerBound(file, symbol!), upperBound(file, symbol!)]).toEqual(['north', 'north'])
    expect([lowerBound(file, note!), upperBound(file, note!)]).toEqual([undefined, undefined])
  })

  it('have harmless folder names for any partition value', async () => {
    const file = await (await openWorld()).file({ symbol: 'a/../b c|"é🚀' })
    expect(file.path).toMatch(/\/data\/symbol=a_\.\._b_c[_]+\/date_time_day=2025-03-20\//)
    expect(file.partition.symbol).toBe('a/../b c|"é🚀')
  })

  it('refuse rows of two days, a microsecond apart', async () => {
    const world = await openWorld()
    const rows = { ...readings({ rows: 2 }), date_time: [dayStartUs + usPerDay - 1, dayStartUs + usPerDay] }
    const write = writeDataFile(world.store, await world.load(), rows, 2)
    await expect(write).rejects.toThrow(InvalidRows)
    await expect(write).rejects.toThrow('date_time_day from 20167 to 20168')
  })

  it('refuse rows of two symbols that differ after 16 characters only', async () => {
    const world = await openWorld()
    const rows = { ...readings({ rows: 2 }), symbol: ['a-rather-long-name-1', 'a-rather-long-name-2'] }
    await expect(writeDataFile(world.store, await world.load(), rows, 2)).rejects.toThrow(InvalidRows)
  })
})
