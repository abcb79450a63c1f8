import { MemoryArchive } from '../support/memoryArchive.ts'
import { candleArchiveContract } from './candleArchiveContract.ts'

candleArchiveContract('memory', async () => {
  const archive = new MemoryArchive()
  return { archive, commit: async candles => archive.commit(candles), source: 'CONTRACT' }
})
