import { beforeEach, describe, expect, it } from 'vitest'
import type { LiveFile } from '../../lib/iceberg/dataFile.ts'
import { liveRows } from '../../lib/iceberg/deletes/deletedRows.ts'
import { FileNotLive, FileUnsupported } from '../../lib/iceberg/errors.ts'
import { liveFiles } from '../../lib/iceberg/manifest/manifestFile.ts'
import { currentManifests } from '../../lib/iceberg/manifest/readManifests.ts'
import { currentSnapshot } from '../../lib/iceberg/metadata.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { readRows } from '../../lib/iceberg/readRows.ts'
import { mergeRows } from '../../lib/iceberg/upkeep/mergeRows.ts'
import { replaceFiles } from '../../lib/iceberg/upkeep/replaceFiles.ts'
import { type DeletedRows, deleteRows, type HowDeleted } from '../support/foreignDeletes.ts'
import { openWorld, readingsSchema, type World } from './fixtures.ts'

let world: World
/** Two of `north`, with rows 0 to 2 and 10 to 12, and one of `south`, with rows 20 to 22. */
beforeEach(async () => {
  world = await openWorld()
  await world.commit({ add: [await world.file({ from: 0 })] })
  await world.commit({ add: [await world.file({ from: 10 })] })
  await world.commit({ add: [await world.file({ from: 20, symbol: 'south' })] })
})

const plan = async () => planFiles(world.store, await world.load())
const serials = async (file: LiveFile) =>
  (await readRows(world.store, file, readingsSchema, ['serial'])).serial
/** The file whose first row has this serial number. */
async function fileFrom(serial: number): Promise<LiveFile> {
  const files = await plan()
  const read = await Promise.all(
    files.map(file => readRows(world.store, { ...file, deletes: [] }, readingsSchema)),
  )
  return files.find((_, i) => read[i]!.serial![0] === BigInt(serial))!
}
const remove = (rows: readonly DeletedRows[], how?: HowDeleted) => deleteRows(world, world.ident, rows, how)
const deleteManifests = async () =>
  (await currentManifests(world.store, await world.load())).filter(
    manifest => manifest.content === 'deletes' && liveFiles(manifest) > 0,
  )
const summary = async () => currentSnapshot(await world.load())!.summary
const BY_SERIAL = { sortBy: ['serial'], fileRows: 1_000, rowGroupRows: 1_000 }
async function merge(files: readonly LiveFile[]): Promise<boolean> {
  const add = await mergeRows(world.store, await world.load(), files, BY_SERIAL)
  const replacement = { remove: files, add }
  return replaceFiles(world, world.ident, replacement, {
    nowMs: Date.now,
    retention: {},
    summary: () => ({}),
  })
}

describe('rows that another engine deleted by their places', () => {
  it.each([
    ['one file, by its path', [1], {}],
    ['a file that does not say which files it names', [1], { isVague: true }],
  ])('are left out: %s', async (_, places, how) => {
    await remove([{ file: await fileFrom(0), places }], how)
    expect(await serials(await fileFrom(0))).toEqual([0n, 2n])
    expect(await liveRows(world.store, await fileFrom(0))).toBe(2)
    expect(await serials(await fileFrom(10))).toEqual([10n, 11n, 12n])
    expect(await serials(await fileFrom(20))).toEqual([20n, 21n, 22n])
  })

  it('count once, whether several files or one file twice name them', async () => {
    await remove([{ file: await fileFrom(0), places: [0, 1, 1] }])
    await remove([
      { file: await fileFrom(0), places: [1] },
      { file: await fileFrom(10), places: [2] },
    ])
    expect(await serials(await fileFrom(0))).toEqual([2n])
    expect(await serials(await fileFrom(10))).toEqual([10n, 11n])
    expect(await liveRows(world.store, await fileFrom(0))).toBe(1)
  })

  it('are none of a file that came later, though the delete file is of its partition', async () => {
    await remove([{ file: await fileFrom(0), places: [0] }], { isVague: true })
    await world.commit({ add: [await world.file({ from: 30 })] })
    expect((await fileFrom(30)).deletes).toBeUndefined()
    expect((await fileFrom(20)).deletes).toBeUndefined()
  })

  it('are none of a merge of older rows either', async () => {
    await remove([{ file: await fileFrom(0), places: [1] }], { isVague: true })
    await merge([await fileFrom(0)])
    expect(await serials(await fileFrom(0))).toEqual([0n, 2n])
    expect((await fileFrom(0)).deletes).toBeUndefined()
    expect((await fileFrom(10)).deletes).toHaveLength(1)
  })

  it('are dropped for good by a merge, with the delete files that say nothing else', async () => {
    await remove([
      { file: await fileFrom(0), places: [1] },
      { file: await fileFrom(10), places: [0, 2] },
    ])
    await remove([{ file: await fileFrom(20), places: [0] }])
    expect(await summary()).toMatchObject({ 'total-delete-files': '2', 'total-position-deletes': '4' })
    expect(await merge([await fileFrom(0), await fileFrom(10)])).toBe(true)
    expect(await serials(await fileFrom(0))).toEqual([0n, 2n, 11n])
    expect(await deleteManifests()).toHaveLength(1)
    expect(await summary()).toMatchObject({
      'removed-delete-files': '1',
      'removed-position-deletes': '3',
      'total-delete-files': '1',
      'total-position-deletes': '1',
      'total-records': '6',
      'total-data-files': '2',
    })
    expect(await serials(await fileFrom(20))).toEqual([21n, 22n])
  })

  it('keep their delete file while it may name a file that is left', async () => {
    await remove([
      { file: await fileFrom(0), places: [1] },
      { file: await fileFrom(10), places: [0] },
    ])
    await merge([await fileFrom(0)])
    expect(await deleteManifests()).toHaveLength(1)
    expect(await serials(await fileFrom(10))).toEqual([11n, 12n])
    await merge([await fileFrom(10)])
    expect(await deleteManifests()).toHaveLength(0)
  })

  it('leave no file behind where none is left of it', async () => {
    await remove([{ file: await fileFrom(20), places: [0, 1, 2] }])
    expect(await merge([await fileFrom(20)])).toBe(true)
    expect(await plan()).toHaveLength(2)
    expect(await deleteManifests()).toHaveLength(0)
  })

  it('do not come back through a merge that had read them before: it is void', async () => {
    const [file, table] = [await fileFrom(0), await world.load()]
    const add = await mergeRows(world.store, table, [file], BY_SERIAL)
    await remove([{ file, places: [1] }])
    const options = { nowMs: Date.now, retention: {}, summary: () => ({}) }
    expect(await replaceFiles(world, world.ident, { remove: [file], add }, options)).toBe(false)
    await expect(world.commit({ remove: [file] })).rejects.toThrow(FileNotLive)
    expect(await serials(await fileFrom(0))).toEqual([0n, 2n])
  })

  it('cost one manifest in the end, however many commits delete them', async () => {
    for (let i = 0; i < 40; i++)
      await remove([{ file: await fileFrom(0), places: [i % 3] }], { isVague: true })
    expect(await deleteManifests()).toHaveLength(40)
    await world.commit({ add: [await world.file({ from: 50 })] })
    expect((await deleteManifests()).length).toBeLessThan(10)
    expect(await serials(await fileFrom(0))).toEqual([])
  })
})

describe('rows that another engine deleted by their values', () => {
  it('keep their file from being read and merged, and no other', async () => {
    const file = await fileFrom(20)
    const { metadata } = await remove([{ file, places: [0] }], { byEquality: true })
    const touched = await fileFrom(20)
    const reading = readRows(world.store, touched, readingsSchema)
    await expect(reading).rejects.toThrow(FileUnsupported)
    await expect(reading).rejects.toThrow(
      `${file.path} may have rows that another engine deleted by their values, which is not read here (delete file ${touched.deletes![0]!.path} of snapshot ${metadata.currentSnapshotId})`,
    )
    await expect(liveRows(world.store, touched)).rejects.toThrow('EXECUTE optimize')
    await expect(merge([touched])).rejects.toThrow(FileUnsupported)
    expect(await merge([await fileFrom(0), await fileFrom(10)])).toBe(true)
    await world.commit({ add: [await world.file({ from: 40, symbol: 'south' })] })
    expect(await serials(await fileFrom(40))).toEqual([40n, 41n, 42n])
  })
})
