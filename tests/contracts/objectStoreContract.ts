import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ObjectMissing, UnreadableFile } from '../../lib/iceberg/errors.ts'
import type { ObjectStore, StoredFile } from '../../lib/ports.ts'

/** What every object store does. `open` gives the store and a folder in which it may write. */
export function describeObjectStore(
  name: string,
  open: () => Promise<{ store: ObjectStore; folder: string }>,
): void {
  describe(`an object store (${name})`, () => {
    const freshUri = async (file = `${randomUUID()}.parquet`) => {
      const { store, folder } = await open()
      return { store, uri: `${folder}/${file}` }
    }

    it.each([0, 1, 100_000, 9_000_000])('gives back the %i bytes that were written', async size => {
      const { store, uri } = await freshUri()
      const bytes = new Uint8Array(randomBytes(size))
      await store.write(uri, bytes)
      expect(Buffer.compare(await store.read(uri), bytes)).toBe(0)
    })

    it('writes the part of a buffer that it was given, and keeps it when the buffer changes', async () => {
      const { store, uri } = await freshUri()
      const buffer = Buffer.from('..part..')
      await store.write(uri, buffer.subarray(2, 6))
      buffer.fill('x')
      expect(Buffer.from(await store.read(uri)).toString()).toBe('part')
    })

    it('takes names with spaces, signs and letters of other alphabets', async () => {
      const { store, uri } = await freshUri(`${randomUUID()} a+b=c%20é.parquet`)
      await store.write(uri, Uint8Array.of(7))
      expect([...(await store.read(uri))]).toEqual([7])
    })

    it('throws ObjectMissing, with the name, for what is not there', async () => {
      const { store, uri } = await freshUri()
      await expect(store.read(uri)).rejects.toThrow(ObjectMissing)
      await expect(store.read(uri)).rejects.toThrow(uri)
    })

    it('reads 4 ranges of a file: its beginning, its middle, its end, and none of it', async () => {
      const { store, uri } = await freshUri()
      const bytes = new Uint8Array(randomBytes(100_000))
      await store.write(uri, bytes)
      const ranges = [
        [0, 4],
        [30_000, 70_001],
        [99_992, 100_000],
        [500, 500],
      ] as const
      for (const [from, to] of ranges)
        expect(Buffer.compare(await store.readRange(uri, from, to), bytes.subarray(from, to))).toBe(0)
    })

    it('throws UnreadableFile for a range beyond the end of a file, and ObjectMissing where there is none', async () => {
      const { store, uri } = await freshUri()
      await expect(store.readRange(uri, 0, 1)).rejects.toThrow(ObjectMissing)
      await store.write(uri, new Uint8Array(10))
      await expect(store.readRange(uri, 8, 11)).rejects.toThrow(UnreadableFile)
      await expect(store.readRange(uri, 20, 30)).rejects.toThrow(UnreadableFile)
    })

    it('removes a file, and again when it is gone, and leaves the one beside it', async () => {
      const { store, uri } = await freshUri()
      const other = `${uri}.other.parquet`
      await Promise.all([store.write(uri, Uint8Array.of(1)), store.write(other, Uint8Array.of(2))])
      await store.remove(uri)
      await store.remove(uri)
      await expect(store.read(uri)).rejects.toThrow(ObjectMissing)
      expect([...(await store.read(other))]).toEqual([2])
    })

    const listed = async (prefix: string): Promise<StoredFile[]> => {
      const { store } = await open()
      const pages: (readonly StoredFile[])[] = []
      for await (const page of store.list(prefix)) pages.push(page)
      expect(Math.max(0, ...pages.map(page => page.length))).toBeLessThanOrEqual(1_000)
      return pages.flat()
    }

    it('lists the files of a folder with their sizes, deeper ones too, and none of a folder beside it', async () => {
      const { store, folder } = await open()
      const inside = `${folder}/${randomUUID()}`
      const sizes = { 'a.parquet': 3, 'day=2025-03-20/b c+é.parquet': 0, 'z.parquet': 70_000 }
      for (const [name, size] of Object.entries(sizes))
        await store.write(`${inside}/${name}`, new Uint8Array(size))
      await store.write(`${inside}2/other.parquet`, Uint8Array.of(1))
      const found = await listed(`${inside}/`)
      const expected = Object.entries(sizes).map(([name, sizeBytes]) => [`${inside}/${name}`, sizeBytes])
      expect(found.map(({ uri, sizeBytes }) => [uri, sizeBytes])).toEqual(expected)
    })

    it('says when a file was written, by a clock that is right to 15 minutes', async () => {
      const { store, uri } = await freshUri()
      const beforeMs = Date.now()
      await store.write(uri, Uint8Array.of(1))
      const [file] = await listed(uri)
      expect(Math.abs(file!.modifiedMs - beforeMs)).toBeLessThan(15 * 60_000)
    })

    it('lists 1,100 files, each once, and nothing of a folder that is empty', async () => {
      const { store, folder } = await open()
      const many = `${folder}/${randomUUID()}`
      const uris = Array.from({ length: 1_100 }, (_, i) => `${many}/${String(i).padStart(4, '0')}.parquet`)
      for (let i = 0; i < uris.length; i += 50) {
        await Promise.all(uris.slice(i, i + 50).map(uri => store.write(uri, Uint8Array.of(1))))
      }
      expect((await listed(`${many}/`)).map(({ uri }) => uri)).toEqual(uris)
      expect(await listed(`${folder}/${randomUUID()}/`)).toEqual([])
    })

    it('writes and reads 50 files at once', async () => {
      const { store, folder } = await open()
      const uris = Array.from({ length: 50 }, () => `${folder}/${randomUUID()}.parquet`)
      await Promise.all(uris.map((uri, i) => store.write(uri, Uint8Array.of(i))))
      const read = await Promise.all(uris.map(uri => store.read(uri)))
      expect(read.map(([first]) => first)).toEqual(uris.map((_, i) => i))
    })
  })
}
