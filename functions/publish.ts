import { lambdaHandler } from '../lib/lambda/handler.ts'
import { publishCandles } from '../lib/publish/publishCandles.ts'

/** Candles that changed → the `candle_*` topics, each revision once. */
export const handler = lambdaHandler('publish', (services, _event, remainingMs) =>
  publishCandles(services, remainingMs),
)
