import { readConfig } from '../../lib/lambda/config.ts'
import { connect } from '../../lib/lambda/connect.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'

/** A rollup in a process of its own, to be killed: says `commits` before its commit is sent, `committed` after it. */
const services = connect(readConfig(), { debug() {}, info() {}, warn() {} })
const catalog: typeof services.catalog = {
  createNamespace: name => services.catalog.createNamespace(name),
  createTable: (ident, definition) => services.catalog.createTable(ident, definition),
  loadTable: ident => services.catalog.loadTable(ident),
  commit: async (...commit) => {
    process.stdout.write('commits\n')
    if (process.argv[2] === 'before') await new Promise(() => setInterval(() => {}, 60_000))
    const table = await services.catalog.commit(...commit)
    process.stdout.write('committed\n')
    return process.argv[2] === 'after' ? new Promise(() => setInterval(() => {}, 60_000)) : table
  },
}
await rollupCandles({ ...services, catalog }, UNBOUNDED)
await services.close()
