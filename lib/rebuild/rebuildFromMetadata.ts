import {
  type Decided,
  findStates,
  hoursToMark,
  isNothingLost,
  loadTables,
  type TableServices,
  writeStates,
} from './states.ts'

/**
 * Restores the lost states of both tables if earlier metadata files have them; this needs no operator. Undefined where nothing is
 * lost, or where a state has to be worked out from rows.
 */
export async function rebuildFromMetadata(services: TableServices): Promise<Decided | undefined> {
  const tables = await loadTables(services)
  const found = await findStates(services, tables)
  const { ticks, candles } = found
  if (ticks === undefined || candles === undefined || isNothingLost(found)) return undefined
  const decided = { ticks, candles, hours: await hoursToMark(services, tables) }
  await writeStates(services, tables, decided)
  return decided
}
