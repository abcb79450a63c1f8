import { MemoryStore } from '../support/memoryStore.ts'
import { describeObjectStore } from './objectStoreContract.ts'

const store = new MemoryStore()
describeObjectStore('in memory', async () => ({ store, folder: 's3://bucket/data' }))
