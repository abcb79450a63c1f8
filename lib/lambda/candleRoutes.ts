import type { LiveTicks } from '../live/liveLook.ts'
import { withLive } from '../live/withLive.ts'
import type { CandleArchive, CandleSnapshot } from '../query/candleArchive.ts'
import { readCandlePage } from '../query/readCandlePage.ts'
import { candlesRequest } from '../requests/candlesRequest.ts'
import { candlesAnswer, symbolsAnswer } from './candlesAnswer.ts'
import type { Routes } from './http.ts'
import type { HttpAnswer } from './httpResponse.ts'

/** Raised when the shape of an answer changes: clients then drop what they keep. */
const SHAPE = 1

/** What the page asks for: symbols and candles as JSON, with what `live` has of them where it is given. */
export function candleRoutes(archive: CandleArchive, live?: LiveTicks): Routes {
  return {
    'GET /symbols': async () => {
      const snapshot = await archive.current()
      return json(snapshot, async () => symbolsAnswer(await snapshot.symbols()))
    },
    'GET /candles': async ({ query }) => {
      const request = candlesRequest(query)
      const snapshot = await archive.current()
      const look = await live?.look(snapshot.state)
      const page = async () => {
        const stored = await readCandlePage(snapshot, request)
        if (look === undefined) return candlesAnswer(request, stored)
        const { waitingSinceUs, ...live } = await withLive(stored, request, snapshot, look)
        return candlesAnswer(request, live, { waitingSinceUs })
      }
      return json(snapshot, page, look?.versionOf(request))
    },
  }
}

/** An answer that holds until the next commit, or the next tick; a client that has it already costs no query. */
function json({ id }: CandleSnapshot, body: () => Promise<object>, version?: string): HttpAnswer {
  return {
    type: 'application/json',
    tag: [SHAPE, id, ...(version === undefined ? [] : [version])].join('-'),
    body: async () => JSON.stringify(await body()),
  }
}
