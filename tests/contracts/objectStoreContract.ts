import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ObjectMissing } from '../../lib/iceberg/errors.ts'
import type { ObjectStore } from '../../lib/ports.ts'

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

    it('removes a file, and again when it is gone, and leaves the one beside it', async () => {
      const { store, uri } = await freshUri()
      const other = `${uri}.other.parquet`
      await Promise.all([store.write(uri, Uint8Array.of(1)), store.write(other, Uint8Array.of(2))])
      await store.remove(uri)
      await store.remove(uri)
      await expect(store.read(uri)).rejects.toThrow(ObjectMissing)
      expect([...(await store.read(other))]).toEqual([2])
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
