import { MemoryCatalog } from '../support/memoryCatalog.ts'
import { MemoryStore } from '../support/memoryStore.ts'
import { describeCatalog } from './catalogContract.ts'

const servers = { catalog: new MemoryCatalog(), store: new MemoryStore() }
describeCatalog('in memory', async () => servers)
