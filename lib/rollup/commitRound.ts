import { commitSnapshot } from '../iceberg/commit.ts'
import { removeOldMetadata } from '../iceberg/removeOldMetadata.ts'
import { type Change, type Staged, stageSnapshot } from '../iceberg/stage.ts'
import type { Table } from '../iceberg/table.ts'
import { encodeDataFile } from '../iceberg/write.ts'
import { mapBounded } from '../mapBounded.ts'
import { decideCandles } from '../market/decide.ts'
import type { Micros } from '../market/time.ts'
import type { Services } from '../services.ts'
import { candleColumns, candlesSummary } from '../tables/candlesTable.ts'
import { distance } from '../tables/offsetVector.ts'
import { candlesRetention } from '../tables/retention.ts'
import { computeCandles } from './computeCandles.ts'
import { type Layout, layOut } from './layOut.ts'
import type { Round } from './planRound.ts'
import type { RollupInputs } from './rollupInputs.ts'
import { readStored } from './storedCandles.ts'

const FILES_AT_ONCE = 16

/**
 * Computes what the round changes and commits it on exactly the version it was computed from; gives the number of
 * rows that changed. Where nothing changes and nothing was taken in, nothing is committed.
 */
export async function commitRound(
  services: Pick<Services, 'catalog' | 'store' | 'query' | 'settings' | 'stages' | 'nowMs'>,
  { candles, ticks, state: before, startedMs }: RollupInputs,
  { minutes, stored: files, state }: Pick<Round, 'minutes' | 'stored' | 'state'>,
): Promise<number> {
  const { catalog, store, stages, nowMs } = services
  const [computed, stored] = await stages.time('select', () =>
    Promise.all([
      computeCandles(services, { ticks, candles, vector: state.vector, minutes }),
      readStored(store, files),
    ]),
  )
  const storedRows = stored.flatMap(file => file.rows)
  const stampUs = Math.max(nowMs() * 1000, before.stampUs + 1)
  const { closedUntilUs } = state
  const changed = decideCandles({ stored: storedRows, computed, closedUntilUs, stampUs })
  if (changed.length === 0 && distance(before.vector, state.vector) === 0) return 0

  const layout = layOut(stored, changed)
  const atMs = nowMs()
  const roundMs = Math.round(performance.now() - startedMs)
  const isClosing = closedUntilUs > before.closedUntilUs
  const delayMs = isClosing ? delayOf(closedUntilUs, atMs) : before.delayMs
  const summary = candlesSummary({ ...state, stampUs, roundMs, delayMs })
  const staged = await stages.time('write', () =>
    writeLayout(services, candles, layout, { summary, nowMs: atMs }),
  )
  const committed = await stages.time('commit', () => commitSnapshot(catalog, candles, staged))
  await stages.time('tidy', () => removeOldMetadata(store, candles, committed))
  return changed.length
}

/** Writes the files, and what a commit of them needs; all at once, as nobody reads any of it before that commit. */
async function writeLayout(
  { store, settings }: Pick<Services, 'store' | 'settings'>,
  candles: Table,
  { remove, write }: Layout,
  change: Pick<Change, 'summary' | 'nowMs'>,
): Promise<Staged> {
  const encoded = write.map(rows => encodeDataFile(candles, candleColumns(rows), rows.length))
  const add = encoded.map(({ file }) => file)
  const [staged] = await Promise.all([
    stageSnapshot(store, candles, { ...change, add, remove }, candlesRetention(settings)),
    mapBounded(encoded, FILES_AT_ONCE, ({ file, bytes }) => store.write(file.path, bytes)),
  ])
  return staged
}

/** From a minute's end to the commit that closes it, milliseconds; 0 where this clock is behind. */
function delayOf(endUs: Micros, atMs: number): number {
  return Math.max(0, Math.round(atMs - endUs / 1_000))
}
