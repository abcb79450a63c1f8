import type { Candle } from '../market/candle.ts'
import type { Micros } from '../market/time.ts'
import type { CandleSnapshot } from '../query/candleArchive.ts'
import type { CandlePage } from '../query/readCandlePage.ts'
import type { CandlesRequest } from '../requests/candlesRequest.ts'
import { earliest, liveCandles } from './liveCandles.ts'
import type { LiveLook } from './liveLook.ts'

/** A candle of a page, stored or live. */
export interface PageCandle extends Candle {
  /** The moment at which the log was read to its end; undefined for a stored candle. */
  readonly asOfUs?: Micros | undefined
}

/** A page whose newest candles may be live. */
export interface LivePage extends CandlePage {
  readonly candles: readonly PageCandle[]
  /** Kafka's timestamp of the symbol's oldest tick that came in time and that the page lacks; undefined when it lacks none. */
  readonly waitingSinceUs: Micros | undefined
}

/**
 * Adds the uncommitted ticks to a page: mostly to the newest candle, and to the one before it until the rollup has closed that.
 * `closed`, `revision` and `updatedAtUs` stay those of the stored row; where there is none, they are false, 0 and `asOfUs`.
 * The page keeps the ends and the limit of the request. Throws what the snapshot throws.
 */
export async function withLive(
  page: CandlePage,
  request: CandlesRequest,
  snapshot: CandleSnapshot,
  look: LiveLook,
): Promise<LivePage> {
  const { fromUs = Number.NEGATIVE_INFINITY, toUs = Number.POSITIVE_INFINITY, limit } = request
  // Older candles are on another page.
  const beginUs = page.olderUs ?? fromUs
  const isOnPage = ({ dateTimeUs }: { readonly dateTimeUs: Micros }) =>
    dateTimeUs >= beginUs && dateTimeUs < toUs
  const minutes = request.timeframe === 'm1' ? look.minutes.filter(isOnPage) : look.minutes
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
