import { MemoryCatalog } from '../../lib/iceberg/memoryCatalog.ts'
import { MemoryStore } from '../../lib/iceberg/memoryStore.ts'
import { describeCatalog } from './catalogContract.ts'

const servers = { catalog: new MemoryCatalog(), store: new MemoryStore() }
describeCatalog('in memory', async () => servers)
