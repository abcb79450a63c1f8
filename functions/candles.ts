import { candleRoutes } from '../lib/lambda/candleRoutes.ts'
import { httpHandler } from '../lib/lambda/http.ts'
import { TrinoArchive } from '../lib/steps/queryCandles.ts'
import { ArchiveWithMemory } from '../lib/steps/queryCandlesOnce.ts'

/** Candles over HTTP: a chart for the browser, and the JSON that it is drawn from. */
export const handler = httpHandler('candles', services =>
  candleRoutes(new ArchiveWithMemory(new TrinoArchive(services), services.nowMs)),
)
