import { readConfig } from '../../lib/lambda/config.ts'
import { connect } from '../../lib/lambda/connect.ts'
import { maintain } from '../../lib/maintain/maintain.ts'
import type { ObjectStore } from '../../lib/ports.ts'

/**
 * A `maintain` in a process of its own, to be killed. With the name of a moment and a number it stops there for ever, at
 * the so many-th of these moments, and says so: `write`, `commit`, `committed`, `remove`. Retention: the third argument, in ms.
 */
const [moment = 'never', nth = '1', retentionMs = '3600000'] = process.argv.slice(2)
const services = connect(readConfig(), { debug() {}, info() {}, warn() {} })
const settings = { ...services.settings, retentionMs: Number(retentionMs) }
let left = Number(nth)

async function reached(what: string): Promise<void> {
  if (what !== moment) return
  left -= 1
  if (left > 0) return
  process.stdout.write('there\n')
  await new Promise(() => setInterval(() => {}, 60_000))
}

const store: ObjectStore = {
  read: uri => services.store.read(uri),
  readRange: (...range) => services.store.readRange(...range),
  list: prefix => services.store.list(prefix),
  write: async (uri, bytes) => {
    await reached('write')
    await services.store.write(uri, bytes)
  },
  remove: async uri => {
    await reached('remove')
    await services.store.remove(uri)
  },
}
const catalog: typeof services.catalog = {
  createNamespace: name => services.catalog.createNamespace(name),
  createTable: (ident, definition) => services.catalog.createTable(ident, definition),
  loadTable: ident => services.catalog.loadTable(ident),
  commit: async (...commit) => {
    await reached('commit')
    const table = await services.catalog.commit(...commit)
    await reached('committed')
    return table
  },
}

/** Never in the part of a minute in which `maintain` waits; a clock that is behind removes less, so not where that is the point. */
function nowMs(): number {
  const now = Date.now()
  if (moment === 'remove') return now
  const intoMinuteMs = now % 60_000
  if (intoMinuteMs < 10_000) return now - intoMinuteMs - 10_000
  return intoMinuteMs > 50_000 ? now - intoMinuteMs + 50_000 : now
}

process.stdout.write('begins\n')
await maintain({ ...services, catalog, store, settings, nowMs }, {}, () => 240_000)
await services.close()
