import { commitSnapshot } from '../iceberg/commit.ts'
import type { DataFile, LiveFile } from '../iceberg/dataFile.ts'
import { withoutEqualityDeletes } from '../iceberg/deletes/deletedRows.ts'
import { isOfOneFile } from '../iceberg/errors.ts'
import { scanFiles } from '../iceberg/plan.ts'
import { stageSnapshot } from '../iceberg/stage.ts'
import { encodeDataFiles } from '../iceberg/write.ts'
import type { Candle } from '../market/candle.ts'
import { isWithinYears } from '../market/time.ts'
import { bucketEnd, TIMEFRAMES, timeframeOfRemoved } from '../market/timeframe.ts'
import type { ObjectStore } from '../ports.ts'
import { readMark } from '../publish/publishCandles.ts'
import { isUnsent, mayHoldUnsent, type Reach } from '../publish/sendingOrder.ts'
import type { Services } from '../services.ts'
import { type CandlesState, candlesSummary } from '../tables/candlesState.ts'
import { candleColumns } from '../tables/candlesTable.ts'
import { candlesRetention } from '../tables/retention.ts'
import type { RollupInputs } from './rollupInputs.ts'
import { markDamaged } from './staleHours.ts'
import { readCandles } from './storedCandles.ts'

type Needs = Pick<Services, 'catalog' | 'store' | 'topicLog' | 'settings' | 'nowMs'>

/** More than any revision of ours; another engine may write any number. */
export const MAX_REVISION = 2 ** 30

/**
 * Removes candles that may be those of another engine. Where another engine changed the table and the version before is gone, it
 * may have written any row that was not sent yet, and `publish` would send that row as ours. The damaged hours of `marked` are
 * computed again in any case, and bring these candles back by their ticks. Rows that no ticks bring back stay, with a revision
 * above all others: held candles, and rows of removed candles.
 *
 * Makes one commit, after which the other engine's change still counts as not inspected. Undefined where nothing is to be removed.
 */
export async function removeUnsure(
  services: Needs,
  { candles, state, ...inputs }: RollupInputs,
  marked: CandlesState,
): Promise<RollupInputs | undefined> {
  const { catalog, store, settings, nowMs } = services
  const reach = await reachOf(services, candles.metadata.tableUuid, state)
  const remove: LiveFile[] = []
  const add: DataFile[] = []
  const kept: Candle[] = []
  let revision = Math.max(state.revisionFloor, marked.revisionFloor)
  for await (const files of scanFiles(store, candles, { keep: file => mayHoldUnsent(file, reach) })) {
    for (const file of files) {
      const rows = await rowsOf(store, file)
      const unsure = rows.filter(row => isUnsent(row, reach))
      if (unsure.length === 0) continue
      for (const row of unsure) if (row.revision < MAX_REVISION) revision = Math.max(revision, row.revision)
      kept.push(...unsure.filter(row => staysWithoutTicks(row, marked)))
      const sure = rows.filter(row => !isUnsent(row, reach) && isWithinYears(row.dateTimeUs))
      add.push(...(await writeRows(services, candles, sure)))
      remove.push(file)
    }
  }
  if (remove.length === 0) return undefined
  const stampUs = Math.max(nowMs() * 1000, marked.stampUs + 1)
  const again = kept.map(row => ({ ...row, revision: revision + 1, updatedAtUs: stampUs }))
  add.push(...(await writeRows(services, candles, again)))
  // Without their rows, these hours could not be found again: they are marked in this commit, in case the round fails.
  const hours = markDamaged(state.hours, marked.hours.damaged, nowMs() * 1000)
  const next = { ...state, hours, stampUs, revisionFloor: revision }
  const change = { add, remove, summary: candlesSummary(next), nowMs: nowMs() }
  const staged = await stageSnapshot(store, candles, change, candlesRetention(settings))
  return { ...inputs, candles: await commitSnapshot(catalog, candles, staged), state: next }
}

/** The rows of a file, those under equality deletes included; none of a file that cannot be read, as publish cannot send these. */
async function rowsOf(store: ObjectStore, file: LiveFile): Promise<Candle[]> {
  try {
    return await readCandles(store, withoutEqualityDeletes(file))
  } catch (error) {
    if (!isOfOneFile(error)) throw error
    return []
  }
}

/** The mark of what was sent. Where nothing of this table was, all candles up to the newest stamp of ours count as sent. */
async function reachOf(services: Needs, tableUuid: string, { stampUs }: CandlesState): Promise<Reach> {
  const mark = await readMark(services)
  return mark?.tableUuid === tableUuid ? mark : { stampUs }
}

/** True for a row that no recomputation brings back. */
function staysWithoutTicks({ timeframe, dateTimeUs }: Candle, { held, hours }: CandlesState): boolean {
  const name = timeframeOfRemoved(timeframe) ?? timeframe
  const known = TIMEFRAMES.find(each => each.name === name)
  if (known === undefined) return false
  if (name !== timeframe) return true
  const endUs = bucketEnd(known, dateTimeUs)
  return held.touches(dateTimeUs, endUs) && !hours.damaged.touches(dateTimeUs, endUs)
}

async function writeRows(
  { store }: Needs,
  candles: RollupInputs['candles'],
  rows: readonly Candle[],
): Promise<DataFile[]> {
  if (rows.length === 0) return []
  const encoded = encodeDataFiles(candles, candleColumns(rows), rows.length)
  await Promise.all(encoded.map(({ file, bytes }) => store.write(file.path, bytes)))
  return encoded.map(({ file }) => file)
}
