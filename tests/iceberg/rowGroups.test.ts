import fc from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, it } from 'vitest'
import type { LiveFile } from '../../lib/iceberg/dataFile.ts'
import { UnreadableFile } from '../../lib/iceberg/errors.ts'
import { parquetSchema } from '../../lib/iceberg/parquet/schemaElement.ts'
import { decodeParquet } from '../../lib/iceberg/parquet.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { readRowGroup, readRowGroups, readWhole } from '../../lib/iceberg/rowGroups.ts'
import type { ColumnValue, Schema } from '../../lib/iceberg/schema.ts'
import { CountingStore } from '../support/countingStore.ts'
import { MemoryStore } from '../support/memoryStore.ts'
import { dayStartUs, openWorld, readings, readingsSchema } from './fixtures.ts'

/** The typed form of a value. */
function typed(value: ColumnValue, type: string): unknown {
  if (type === 'string') return value
  if (value === null) return type === 'boolean' || type === 'int' ? 0 : Number.NaN
  return Number(value)
}

const SYMBOL_ONLY: Schema = {
  schemaId: 0,
  fields: [{ id: 1, name: 'symbol', type: 'string', required: true }],
}

/** A file of another writer, in row groups of 2 rows. */
async function fileOf(symbols: readonly (string | Uint8Array)[], schema = parquetSchema(SYMBOL_ONLY.fields)) {
  const store = new CountingStore(new MemoryStore())
  const bytes = new Uint8Array(
    parquetWriteBuffer({
      columnData: [{ name: 'symbol', data: [...symbols] }],
      schema,
      rowGroupSize: 2,
    }),
  )
  const file: LiveFile = {
    ...{ path: 's3://b/file.parquet', format: 'PARQUET', specId: 0, partition: {} },
    ...{ recordCount: symbols.length, fileSizeBytes: bytes.length },
    ...{ snapshotId: 1n, sequenceNumber: 1, fileSequenceNumber: 1 },
  }
  await store.write(file.path, bytes)
  return { store, file }
}

describe('rows of a file, as columns', () => {
  it('have each value and null of every type', async () => {
    const world = await openWorld()
    const file = await world.file({ rows: 50, from: 7 })
    await world.commit({ add: [file] })
    const [live] = await planFiles(world.store, await world.load())
    const { columns, rowCount, deleted } = await readWhole(world.store, live!, readingsSchema)
    const plain = await decodeParquet(await world.store.read(file.path), readingsSchema)
    expect([rowCount, deleted]).toEqual([50, undefined])
    for (const { name, type } of readingsSchema.fields)
      expect(Array.from<unknown>(columns[name]!)).toEqual(plain[name]!.map(value => typed(value, type)))
    expect(columns.date_time![0]).toBe(dayStartUs)
    expect(readings({ rows: 50, from: 7 }).value![3]).toBe(columns.value![3])
  })

  it('of each row group together are those of the whole file', async () => {
    const names = fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { minLength: 1, maxLength: 15 })
    await fc.assert(
      fc.asyncProperty(names, async names => {
        const { store, file } = await fileOf(names)
        const groups = await readRowGroups(store, file, SYMBOL_ONLY)
        const read: unknown[] = []
        for (const group of groups) {
          expect(group.firstRow).toBe(read.length)
          const { columns } = await readRowGroup(store, file, group, SYMBOL_ONLY)
          read.push(...columns.symbol!)
        }
        expect(groups).toHaveLength(Math.ceil(names.length / 2))
        expect(read).toEqual(names)
      }),
    )
  })
})

describe('row groups', () => {
  it('say what they may hold, by one read of the footer; of 400 groups, more than was guessed, by two', async () => {
    const { store, file } = await fileOf(['a', 'b', 'c', 'd', 'e'])
    const groups = await readRowGroups(store, file, SYMBOL_ONLY)
    expect(groups.map(({ ranges }) => ranges.symbol)).toEqual([
      { from: 'a', to: 'b' },
      { from: 'c', to: 'd' },
      { from: 'e', to: 'e' },
    ])
    expect(store.dataFilesRead).toHaveLength(1)
    const many = await fileOf(Array.from({ length: 800 }, (_, i) => `symbol ${i}`))
    expect(await readRowGroups(many.store, many.file, SYMBOL_ONLY)).toHaveLength(400)
    expect(many.store.dataFilesRead).toHaveLength(2)
  })

  it('may hold anything where a bound is cut in the middle of a character', async () => {
    const [root, symbol] = parquetSchema(SYMBOL_ONLY.fields)
    // Without its logical type the column is bytes, and so are its bounds.
    const { converted_type: _, logical_type: __, ...bytes } = symbol!
    const cut = new TextEncoder().encode('\u4e2d').subarray(0, 2)
    const { store, file } = await fileOf([cut, cut], [root!, bytes])
    const [group] = await readRowGroups(store, file, SYMBOL_ONLY)
    expect(group!.ranges.symbol).toEqual({})
  })

  it('of a file that is shorter than its table says, or no Parquet file, are UnreadableFile', async () => {
    const { store, file } = await fileOf(['a', 'b'])
    const longer = { ...file, fileSizeBytes: file.fileSizeBytes + 10_000 }
    await expect(readRowGroups(store, longer, SYMBOL_ONLY)).rejects.toThrow(UnreadableFile)
    await store.write(file.path, new Uint8Array(file.fileSizeBytes))
    await expect(readRowGroups(store, file, SYMBOL_ONLY)).rejects.toThrow(UnreadableFile)
  })

  it('that lack a column are UnreadableFile', async () => {
    const { store, file } = await fileOf(['a', 'b'])
    const other = { ...SYMBOL_ONLY, fields: [{ ...SYMBOL_ONLY.fields[0]!, id: 2 }] }
    await expect(readRowGroups(store, file, other)).rejects.toThrow(UnreadableFile)
    await expect(readWhole(store, file, other)).rejects.toThrow(UnreadableFile)
  })
})
