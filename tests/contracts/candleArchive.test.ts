import { TableArchive } from '../../lib/query/tableArchive.ts'
import { appendCandles } from '../support/candleTable.ts'
import { MemoryArchive } from '../support/memoryArchive.ts'
import { newWorld } from '../support/world.ts'
import { candleArchiveContract } from './candleArchiveContract.ts'

candleArchiveContract('memory', async () => {
  const archive = new MemoryArchive()
  return { archive, commit: async candles => archive.commit(candles), source: 'CONTRACT' }
})

candleArchiveContract('a table in memory', async () => {
  const world = await newWorld()
  let nowMs = 0
  // Each look is made a second after the one before.
  const archive = new TableArchive({ ...world.services, nowMs: () => (nowMs += 1_000) })
  return {
    archive,
    commit: async candles => void (await appendCandles(world, [{ rows: candles }])),
    source: 'CONTRACT',
  }
})
