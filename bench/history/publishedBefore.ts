import { markRecord } from '../../lib/publish/publishCandles.ts'
import type { Services } from '../../lib/services.ts'
import { candlesState } from '../../lib/tables/candlesState.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { loadTable } from '../../lib/tables/layout.ts'

/**
 * Moves publish's mark behind all candles of a history that did not change on its last day, as if they had been sent long
 * ago: publish then begins with those of the last day.
 */
export async function publishedBeforeLastDay({
  catalog,
  topicWriter,
  settings,
}: Pick<Services, 'catalog' | 'topicWriter' | 'settings'>): Promise<void> {
  const table = await loadTable(catalog, CANDLES_TABLE)
  const mark = { tableUuid: table.metadata.tableUuid, stampUs: candlesState(table).stampUs - 1 }
  await topicWriter.send([markRecord(settings, mark)])
}
