import { candleRoutes } from '../lib/lambda/candleRoutes.ts'
import { httpHandler } from '../lib/lambda/httpHandler.ts'
import { TableArchive } from '../lib/query/tableArchive.ts'

/** Candles over HTTP, as JSON. */
export const handler = httpHandler('candles', services => candleRoutes(new TableArchive(services), services))
