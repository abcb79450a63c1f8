import { candleRoutes } from '../lib/lambda/candleRoutes.ts'
import { httpHandler } from '../lib/lambda/http.ts'
import { TableArchive } from '../lib/query/tableArchive.ts'

/** Candles over HTTP: a chart for the browser, and the JSON that it is drawn from. */
export const handler = httpHandler('candles', services => candleRoutes(new TableArchive(services), services))
