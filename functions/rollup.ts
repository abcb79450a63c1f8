import { lambdaHandler } from '../lib/lambda/handler.ts'
import { rollupRequest } from '../lib/requests/rollupRequest.ts'
import { recomputeCandles } from '../lib/rollup/recomputeCandles.ts'
import { rollupCandles } from '../lib/rollup/rollupCandles.ts'

/** New ticks → `market_data.candles`; `{"from", "to"}` recomputes a stretch. Starts `publish` when candles changed. */
export const handler = lambdaHandler('rollup', async (services, event, remainingMs) => {
  const range = rollupRequest(event)
  const result =
    range === undefined
      ? await rollupCandles(services, remainingMs)
      : await recomputeCandles(services, range, remainingMs)
  if (result.changed > 0) await services.stages.time('publish', services.startPublish)
  return result
})
