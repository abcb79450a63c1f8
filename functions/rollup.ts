import { handler } from '../lib/lambda/handler.ts'
import { invokePublish } from '../lib/lambda/invokePublish.ts'
import { rangeOf } from '../lib/requests/rollupRequest.ts'
import { rollupCandles } from '../lib/steps/rollupCandles.ts'

/** New ticks → `market_data.candles`; `{"from", "to"}` recomputes a stretch. Starts `publish` when candles changed. */
const rollup = handler<unknown, object>('rollup', async (services, event, { config, remainingMs }) => {
  const range = rangeOf(event)
  const result = await rollupCandles(services, { remainingMs, ...(range && { range }) })
  if (result.changed > 0) await invokePublish(config.publish, services.log)
  return result
})

export { rollup as handler }
