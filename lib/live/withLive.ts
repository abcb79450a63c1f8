import type { Candle } from '../market/candle.ts'
import type { Micros } from '../market/time.ts'
import type { CandleSnapshot } from '../query/candleArchive.ts'
import type { CandlePage } from '../query/readCandlePage.ts'
import type { CandlesRequest } from '../requests/candlesRequest.ts'
import { earliest, liveCandles } from './liveCandles.ts'
import type { LiveLook } from './liveLook.ts'

/** A candle of a page; a live one says as of when. */
export interface PageCandle extends Candle {
  /** The log was read to its end then. Undefined for a stored candle. */
  readonly asOfUs?: Micros | undefined
}

/** A page whose newest candles may be live. */
export interface LivePage extends CandlePage {
  readonly candles: readonly PageCandle[]
  /**
   * Kafka's timestamp of the oldest tick of the symbol that came in time and is not in the page; undefined when there is
   * none.
   */
  readonly waitingSinceUs: Micros | undefined
}

/**
 * The page with those candles put together with the ticks on the log that they lack: mostly the newest one, and the one
 * before until the rollup has closed it. `closed`, `revision` and `updatedAtUs` stay those of the stored row; without one
 * they are false, 0 and the moment of the look. The request's ends and limit hold as ever. Throws what the snapshot throws.
 */
export async function withLive(
  page: CandlePage,
  request: CandlesRequest,
  snapshot: CandleSnapshot,
  look: LiveLook,
): Promise<LivePage> {
  const { fromUs = Number.NEGATIVE_INFINITY, toUs = Number.POSITIVE_INFINITY, limit } = request
  // What is older is on another page.
  const beginUs = page.olderUs ?? fromUs
  const isOnPage = ({ dateTimeUs }: { readonly dateTimeUs: Micros }) =>
    dateTimeUs >= beginUs && dateTimeUs < toUs
  const all = look.minutes(request)
  const minutes = request.timeframe === 'm1' ? all.filter(isOnPage) : all
  const { candles: computed, waitingSinceUs } = await liveCandles(snapshot, request, minutes, page.candles)
  const sinceUs = earliest([waitingSinceUs, look.droppedSinceUs].filter(timeUs => timeUs !== undefined))
  const live = computed.filter(isOnPage)
  if (live.length === 0) return { ...page, waitingSinceUs: sinceUs }
  const candles = new Map<Micros, PageCandle>(page.candles.map(candle => [candle.dateTimeUs, candle]))
  const { asOfUs } = look
  for (const candle of live) {
    const unstored = { closed: false, revision: 0, updatedAtUs: asOfUs }
    const stored = candles.get(candle.dateTimeUs) ?? unstored
    const { closed, revision, updatedAtUs } = stored
    candles.set(candle.dateTimeUs, { ...candle, closed, revision, updatedAtUs, asOfUs })
  }
  const sorted = [...candles.values()].sort((a, b) => a.dateTimeUs - b.dateTimeUs)
  const newest = sorted.slice(-limit)
  const olderUs = newest.length < sorted.length ? newest[0]!.dateTimeUs : page.olderUs
  return { candles: newest, olderUs, waitingSinceUs: sinceUs }
}
