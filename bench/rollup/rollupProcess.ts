import { readConfig } from '../../lib/lambda/config.ts'
import { connect } from '../../lib/lambda/connect.ts'
import { warningsOnly } from '../../lib/lambda/log.ts'
import type { ObjectStore } from '../../lib/ports.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { inNamespace } from '../history/inNamespace.ts'
import type { RolledUp } from './roller.ts'

/** As warm as a function is: rolls up, in the namespace named on the command line, at each time that comes; answers what that took. */
const log = warningsOnly(console.error)
const services = inNamespace(connect(readConfig(), log), process.argv[2]!)
let readBytes = 0
const store: ObjectStore = {
  read: async uri => {
    const bytes = await services.store.read(uri)
    readBytes += bytes.length
    return bytes
  },
  readRange: async (...range) => {
    const bytes = await services.store.readRange(...range)
    readBytes += bytes.length
    return bytes
  },
  write: (uri, bytes) => services.store.write(uri, bytes),
  remove: uri => services.store.remove(uri),
  list: prefix => services.store.list(prefix),
}

process.on('message', async (nowMs: number) => {
  readBytes = 0
  const startedMs = performance.now()
  const before = process.cpuUsage()
  const { rounds, changed, behind } = await rollupCandles(
    { ...services, store, nowMs: () => nowMs },
    UNBOUNDED,
  )
  const { user, system } = process.cpuUsage(before)
  const wallMs = performance.now() - startedMs
  const answer: RolledUp = { wallMs, cpuMs: (user + system) / 1000, readBytes, rounds, changed, behind }
  process.send!(answer)
})
process.on('disconnect', () => process.exit())
process.send!('ready')
