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

/** Answers that one process makes at once, which bounds its memory; as many more wait as it makes in about two seconds. */
const AT_ONCE = 8
const MAX_WAITING = 100

/** What the answers are made with, beside the candles. */
export interface CandleRouteServices {
  /** The wall clock, milliseconds since 1970. */
  readonly nowMs?: () => number
  /** The ticks on Kafka that no commit has yet; undefined where they are not read. */
  readonly live?: LiveTicks | undefined
}

/** What the page asks for: symbols and candles as JSON. */
export function candleRoutes(
  archive: CandleArchive,
  { nowMs = Date.now, live }: CandleRouteServices = {},
): Routes {
  const queue = new BoundedQueue({ atOnce: AT_ONCE, maxWaiting: MAX_WAITING })
  /** An answer that holds until the next commit, or the next tick; a client that has it already costs no work. */
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
      const look = await live?.look(snapshot.state)
      const body = async () => {
        const stored = await readCandlePage(snapshot, request)
        const page = look === undefined ? stored : await withLive(stored, request, snapshot, look)
        if (page.candles.length === 0) await checkSymbol(snapshot, request)
        const newestMinuteUs = await newestMinute(snapshot, request)
        const minutes = look?.minutes(request)
        return candlesAnswer(request, page, { snapshot, newestMinuteUs, minutes, nowMs: nowMs() })
      }
      return json(snapshot, body, look?.versionOf(request))
    },
  }
}
