import type { CandleArchive, CandleSnapshot } from '../query/candleArchive.ts'
import { readCandlePage } from '../query/readCandlePage.ts'
import { candlesRequest } from '../requests/candlesRequest.ts'
import { candlesAnswer, symbolsAnswer } from './candlesAnswer.ts'
import type { Routes } from './http.ts'
import type { HttpAnswer } from './httpResponse.ts'

/** Raised when the shape of an answer changes: clients then drop what they keep. */
const SHAPE = 1

/** What the page asks for: symbols and candles as JSON. */
export function candleRoutes(archive: CandleArchive): Routes {
  return {
    'GET /symbols': async () => {
      const snapshot = await archive.current()
      return json(snapshot, async () => symbolsAnswer(await snapshot.symbols()))
    },
    'GET /candles': async ({ query }) => {
      const request = candlesRequest(query)
      const snapshot = await archive.current()
      return json(snapshot, async () => candlesAnswer(request, await readCandlePage(snapshot, request)))
    },
  }
}

/** An answer that holds until the next commit; a client that has it already costs no query. */
function json({ id }: CandleSnapshot, body: () => Promise<object>): HttpAnswer {
  return {
    type: 'application/json',
    tag: `${SHAPE}-${id}`,
    body: async () => JSON.stringify(await body()),
  }
}
