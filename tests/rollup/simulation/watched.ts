import type { Catalog, Update } from '../../../lib/iceberg/catalog.ts'
import { HourSet } from '../../../lib/market/hours.ts'
import { CANDLES_TABLE } from '../../../lib/tables/candlesTable.ts'
import { STORED_HOURS, storeHours } from '../../../lib/tables/storedHours.ts'
import type { Judge } from './judge.ts'

/** The catalog, watched: each commit of candles is looked at. `isCoarse` tells for each set of hours whether it is kept by whole days. */
export function watched(catalog: Catalog, judge: Judge, isCoarse: () => boolean): Catalog {
  return {
    createNamespace: name => catalog.createNamespace(name),
    createTable: (ident, definition) => catalog.createTable(ident, definition),
    loadTable: ident => catalog.loadTable(ident),
    async commit(ident, requirements, updates) {
      const table = await catalog.commit(
        ident,
        requirements,
        updates.map(update => coarsened(update, isCoarse)),
      )
      if (ident.name === CANDLES_TABLE.name) await judge.look(table)
      return table
    },
  }
}

const STATE_KEY = 'tickhouse.candles'
const WHOLE_DAY = 0xffffff

/** The update with whole days where it has sets of hours: as long texts are stored, without the thousands of hours they take. */
function coarsened(update: Update, isCoarse: () => boolean): Update {
  const text = update.action === 'add-snapshot' ? update.snapshot.summary[STATE_KEY] : undefined
  if (update.action !== 'add-snapshot' || text === undefined) return update
  const coarse = ['stale', 'owed', 'damaged', 'sweep'].filter(isCoarse)
  if (coarse.length === 0) return update
  const state = JSON.parse(text)
  const hours = { ...state.hours }
  for (const set of coarse) hours[set] = wholeDays(hours[set])
  const summary = { ...update.snapshot.summary, [STATE_KEY]: JSON.stringify({ ...state, hours }) }
  return { ...update, snapshot: { ...update.snapshot, summary } }
}

function wholeDays(text: string): string {
  const days = STORED_HOURS.parse(text).days()
  return storeHours(HourSet.ofMasks(days.map(([day]) => [day, WHOLE_DAY])))
}
