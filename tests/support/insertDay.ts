import { encodeBound } from '../../lib/iceberg/bounds.ts'
import { planFiles } from '../../lib/iceberg/plan.ts'
import { DAY_US } from '../../lib/market/time.ts'
import { fieldNamed } from '../../lib/tables/layout.ts'
import { TICKS_SCHEMA, TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { commitForeign } from './foreignEngine.ts'
import type { World } from './world.ts'

/** Another engine adds a file of ticks that says it is of this day since 1970, which may be one that is not written here. */
export async function insertDay(world: World, day: number): Promise<void> {
  const { store } = world.services
  const [file] = await planFiles(store, await world.catalog.loadTable(TICKS_TABLE))
  const { id } = fieldNamed(TICKS_SCHEMA, 'date_time')
  const path = file!.path.replace('.parquet', '-others.parquet')
  await store.write(path, await store.read(file!.path))
  const bound = encodeBound('timestamptz', BigInt(day) * BigInt(DAY_US))
  const lowerBounds = new Map([...file!.lowerBounds!, [id, bound]])
  const upperBounds = new Map([...file!.upperBounds!, [id, bound]])
  const ofDay = { ...file!, path, partition: { date_time_day: day }, lowerBounds, upperBounds }
  await commitForeign(world, TICKS_TABLE, { add: [ofDay] })
}
