import { BoundedQueue } from '../boundedQueue.ts'
import type { LiveTicks } from '../live/liveLook.ts'
import { withLive } from '../live/withLive.ts'
import type { CandleArchive, CandleSnapshot } from '../query/candleArchive.ts'
import { checkSymbol, newestMinute, readCandlePage } from '../query/readCandlePage.ts'
import { candlesRequest } from '../requests/candlesRequest.ts'
import { candlesAnswer, symbolsAnswer } from './candlesAnswer.ts'
import type { Routes } from './http.ts'
import type { HttpAnswer } from './httpResponse.ts'

/** Raised when the shape of an answer changes: clients then drop what they keep. */
const SHAPE = 2

/** Answers that one process makes at the same time: a bound of its memory. */
const AT_ONCE = 8
/** Requests that wait, about as many as one process answers in two seconds. */
const MAX_WAITING = 100

/** Services of the candle routes beside the archive. */
export interface CandleRouteServices {
  /** The wall clock, milliseconds since 1970. */
  readonly nowMs?: () => number
  /** The uncommitted ticks; undefined where Kafka is not read. */
  readonly live?: LiveTicks | undefined
}

/** Routes of symbols and candles, as JSON. */
export function candleRoutes(
  archive: CandleArchive,
  { nowMs = Date.now, live }: CandleRouteServices = {},
): Routes {
  const queue = new BoundedQueue({ atOnce: AT_ONCE, maxWaiting: MAX_WAITING })
  /** An answer whose tag changes with the commit and with `version`. A client that has it costs no work. */
  const json = ({ id }: CandleSnapshot, body: () => Promise<object>, version?: string): HttpAnswer => ({
    type: 'application/json',
    tag: [SHAPE, id, ...(version === undefined ? [] : [version])].join('-'),
    body: () => queue.run(async () => JSON.stringify(await body())),
  })
  return {
    'GET /symbols': async () => {
      const snapshot = await archive.current()
      return json(snapshot, async () => symbolsAnswer(await snapshot.symbols()))
    },
    'GET /candles': async ({ query }) => {
      const request = candlesRequest(query)
      const snapshot = await archive.current()
      const look = await live?.look(snapshot.state, request)
      const body = async () => {
        const stored = await readCandlePage(snapshot, request)
        const page = look === undefined ? stored : await withLive(stored, request, snapshot, look)
        if (page.candles.length === 0) await checkSymbol(snapshot, request)
        const newestMinuteUs = await newestMinute(snapshot, request)
        return candlesAnswer(request, page, {
          snapshot,
          newestMinuteUs,
          minutes: look?.minutes,
          nowMs: nowMs(),
        })
      }
      return json(snapshot, body, look?.version)
    },
  }
}
