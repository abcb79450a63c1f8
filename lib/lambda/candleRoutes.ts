import { BoundedQueue } from '../boundedQueue.ts'
import type { CandleArchive, CandleSnapshot } from '../query/candleArchive.ts'
import { newestMinute, readCandlePage } from '../query/readCandlePage.ts'
import { candlesRequest } from '../requests/candlesRequest.ts'
import { candlesAnswer, symbolsAnswer } from './candlesAnswer.ts'
import type { Routes } from './http.ts'
import type { HttpAnswer } from './httpResponse.ts'
import { pageFiles } from './pageFiles.ts'

/** Raised when the shape of an answer changes: clients then drop what they keep. */
const SHAPE = 2

/** Answers that one process makes at once, which bounds its memory; as many more wait as it makes in about two seconds. */
const AT_ONCE = 8
const MAX_WAITING = 100

/** What the answers are made with, beside the candles. */
export interface CandleRouteServices {
  /** The wall clock, milliseconds since 1970. */
  readonly nowMs?: () => number
}

/** The page and what it asks for: symbols and candles as JSON. */
export function candleRoutes(archive: CandleArchive, { nowMs = Date.now }: CandleRouteServices = {}): Routes {
  const file = pageFiles()
  const queue = new BoundedQueue({ atOnce: AT_ONCE, maxWaiting: MAX_WAITING })
  /** An answer that holds until the next commit; a client that has it already costs no work. */
  const json = ({ id }: CandleSnapshot, body: () => Promise<object>): HttpAnswer => ({
    type: 'application/json',
    tag: `${SHAPE}-${id}`,
    body: () => queue.run(async () => JSON.stringify(await body())),
  })
  return {
    'GET /': () => file('index.html'),
    'GET /page/{file}': ({ path }) => file(path.file ?? ''),
    'GET /symbols': async () => {
      const snapshot = await archive.current()
      return json(snapshot, async () => symbolsAnswer(await snapshot.symbols()))
    },
    'GET /candles': async ({ query }) => {
      const request = candlesRequest(query)
      const snapshot = await archive.current()
      return json(snapshot, async () => {
        const page = await readCandlePage(snapshot, request)
        const newestMinuteUs = await newestMinute(snapshot, request)
        return candlesAnswer(request, page, { snapshot, newestMinuteUs, nowMs: nowMs() })
      })
    },
  }
}
