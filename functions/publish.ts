import { lambdaHandler } from '../lib/lambda/handler.ts'
import { oneAtATime } from '../lib/lambda/oneAtATime.ts'
import { publishCandles, RESERVE_MS } from '../lib/publish/publishCandles.ts'
import { publishRequest } from '../lib/requests/publishRequest.ts'

/** Candles that changed → the `candle_*` topics, each revision once. */
export const handler = lambdaHandler(
  'publish',
  oneAtATime({ nameOf: () => 'publish', needsMs: RESERVE_MS }, (services, event, remainingMs) => {
    publishRequest(event)
    return publishCandles(services, remainingMs)
  }),
)
