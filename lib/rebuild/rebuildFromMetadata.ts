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
 * Gives both tables back what they have lost, as long as earlier metadata files have all of it: a step that needs nobody.
 * Undefined where nothing was lost, or rows would have to tell.
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
