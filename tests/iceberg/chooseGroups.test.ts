import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBound } from '../../lib/iceberg/bounds.ts'
import type { DeletesBy, LiveFile } from '../../lib/iceberg/dataFile.ts'
import { chooseGroups, isMergeable, type MergeLimits } from '../../lib/iceberg/upkeep/chooseGroups.ts'
import { readingsSchema } from './fixtures.ts'

const dateTime = readingsSchema.fields[4]!
const limits: MergeLimits = { fullRows: 500, rows: 1_000, bytes: 1_000_000, files: 100 }

let files = 0
function file(recordCount: number, startUs = files, day = 0): LiveFile {
  files += 1
  return {
    path: `s3://w/t/data/${files}.parquet`,
    format: 'PARQUET',
    specId: 0,
    partition: { day },
    recordCount,
    fileSizeBytes: recordCount * 10,
    snapshotId: 1n,
    sequenceNumber: files,
    fileSequenceNumber: files,
    lowerBounds: new Map([[dateTime.id, encodeBound('timestamptz', startUs)]]),
  }
}

const rowsOf = (groups: LiveFile[][]) => groups.map(group => group.map(({ recordCount }) => recordCount))

describe('chooseGroups', () => {
  it('merges 10 files of 10 rows, and leaves one of 400 beside them', () => {
    const chosen = chooseGroups([...Array.from({ length: 10 }, () => file(10)), file(400)], limits, dateTime)
    expect(rowsOf(chosen)).toEqual([Array(10).fill(10)])
  })

  it('takes the larger file too once the smaller ones have as many rows together', () => {
    const chosen = chooseGroups([...Array.from({ length: 10 }, () => file(40)), file(400)], limits, dateTime)
    expect(rowsOf(chosen)).toEqual([[...Array(10).fill(40), 400]])
  })

  it('leaves 3 files of a partition, and files of other partitions apart', () => {
    const days = [0, 1, 2].flatMap(day => [file(10, 0, day), file(10, 0, day), file(10, 0, day)])
    expect(chooseGroups(days, limits, dateTime)).toEqual([])
  })

  it('cuts groups by time, at no more than the rows, the bytes and the files that one may have', () => {
    const shuffled = [5, 1, 4, 0, 3, 2].map(hour => file(400, hour))
    const groups = chooseGroups(shuffled, { ...limits, rows: 800 }, dateTime)
    expect(groups.map(group => group.map(({ lowerBounds }) => lowerBounds?.get(5)?.[0]))).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ])
    expect(chooseGroups(shuffled, { ...limits, rows: 9_999, bytes: 8_000 }, dateTime)).toHaveLength(3)
    expect(chooseGroups(shuffled, { ...limits, rows: 9_999, files: 2 }, dateTime)).toHaveLength(3)
  })

  const deletedBy = (deletesBy: DeletesBy, of: LiveFile): LiveFile => ({
    ...of,
    deletes: [{ ...file(1), deletesBy }],
  })

  it('takes a file with deleted rows alone, whatever lies beside it, though it is full', () => {
    const [full, beside] = [deletedBy('position', file(900)), file(10)]
    expect(isMergeable(full, limits)).toBe(true)
    expect(rowsOf(chooseGroups([full, beside], limits, dateTime))).toEqual([[900]])
    expect(isMergeable(deletedBy('position', file(1_001)), limits)).toBe(false)
  })

  it('leaves a file with rows that are deleted by their values', () => {
    expect(isMergeable(deletedBy('equality', file(10)), limits)).toBe(false)
  })

  it('leaves a full file, and one that is no Parquet', () => {
    expect(isMergeable(file(499), limits)).toBe(true)
    expect(isMergeable(file(500), limits)).toBe(false)
    expect(isMergeable({ ...file(10), fileSizeBytes: 600_000 }, limits)).toBe(false)
    expect(isMergeable({ ...file(10), format: 'ORC' }, limits)).toBe(false)
  })

  it('leaves few files, and writes each row few times, however files arrive (up to 2,000, merged every 20)', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1_000, maxLength: 2_000 })
    fc.assert(
      fc.property(sizes, arriving => {
        let live: LiveFile[] = []
        let written = 0
        for (const [i, size] of arriving.entries()) {
          live.push(file(size, i))
          if (i % 20 !== 0) continue
          const mergeable = live.filter(each => isMergeable(each, limits))
          for (const group of chooseGroups(mergeable, limits, dateTime)) {
            const rows = group.reduce((sum, { recordCount }) => sum + recordCount, 0)
            live = [...live.filter(each => !group.includes(each)), file(rows, i)]
            written += rows
          }
        }
        const rows = arriving.reduce((sum, size) => sum + size, 0)
        expect(live.reduce((sum, { recordCount }) => sum + recordCount, 0)).toBe(rows)
        expect(live.filter(each => isMergeable(each, limits)).length).toBeLessThanOrEqual(20 + 3 + 9)
        expect(written).toBeLessThanOrEqual(rows * 10)
      }),
      { numRuns: 10 },
    )
  })
})
