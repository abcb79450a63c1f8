import { describe, expect, it } from 'vitest'
import { removeOldMetadata } from '../../lib/iceberg/removeOldMetadata.ts'
import { MemoryStore } from '../support/memoryStore.ts'
import { openWorld } from './fixtures.ts'

/** A store without whose consent nothing is removed. */
class StubbornStore extends MemoryStore {
  override async remove(uri: string): Promise<void> {
    throw new Error(`${uri} stays`)
  }
}

/** Commits 10 times, each of which writes a metadata file as catalogs do; gives those that are left. */
async function commitTen(store: MemoryStore, properties: Record<string, string>): Promise<string[]> {
  const world = await openWorld({ store, properties })
  for (let i = 0; i < 10; i++) {
    const before = await world.load()
    const after = await world.commit({})
    await store.write(after.metadataLocation!, Buffer.from(`version ${i + 1}`))
    await removeOldMetadata(store, before, after)
  }
  return store.uris.filter(uri => uri.endsWith('.metadata.json'))
}

const keepThree = { 'write.metadata.previous-versions-max': '3' }
const removing = { ...keepThree, 'write.metadata.delete-after-commit.enabled': 'true' }

describe('removeOldMetadata', () => {
  it('leaves the newest metadata file and the 3 before it, of 10', async () => {
    const store = new MemoryStore()
    const left = await commitTen(store, removing)
    const texts = await Promise.all(left.map(async uri => Buffer.from(await store.read(uri)).toString()))
    expect(texts).toEqual(['version 7', 'version 8', 'version 9', 'version 10'])
  })

  it('leaves all 10 where the table does not ask for it', async () => {
    expect(await commitTen(new MemoryStore(), keepThree)).toHaveLength(10)
  })

  it('leaves all 10 without complaint when the store does not remove them', async () => {
    expect(await commitTen(new StubbornStore(), removing)).toHaveLength(10)
  })
})
