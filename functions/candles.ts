import { candleRoutes } from '../lib/lambda/candleRoutes.ts'
import { httpHandler } from '../lib/lambda/httpHandler.ts'
import { CachedArchive } from '../lib/query/cachedArchive.ts'
import { TrinoArchive } from '../lib/query/candleArchive.ts'

/** Candles over HTTP, as JSON. */
export const handler = httpHandler('candles', services =>
  candleRoutes(new CachedArchive(new TrinoArchive(services), services.nowMs), services.live),
)
