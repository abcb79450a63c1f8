import { lambdaHandler } from '../lib/lambda/handler.ts'
import { oneAtATime } from '../lib/lambda/oneAtATime.ts'
import { publishCandles, RESERVE_MS } from '../lib/publish/publishCandles.ts'

/** Candles that changed → the `candle_*` topics, each revision once. */
export const handler = lambdaHandler(
  'publish',
  oneAtATime({ nameOf: () => 'publish', needsMs: RESERVE_MS }, (services, _event, remainingMs) =>
    publishCandles(services, remainingMs),
  ),
)
