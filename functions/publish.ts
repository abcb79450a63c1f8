import { TickhouseError } from '../lib/errors.ts'
import { handler } from '../lib/lambda/handler.ts'
import { AFTER_ROLLUP } from '../lib/lambda/invokePublish.ts'
import { publishCandles } from '../lib/steps/publishCandles.ts'

/** Candles that changed → the `candle_*` topics, each revision once. */
const publish = handler<Partial<typeof AFTER_ROLLUP> | null, object>('publish', async (services, event) => {
  try {
    return await publishCandles(services)
  } catch (error) {
    // Nobody waits for this call's answer, and under serverless-offline an error in it would end the whole process.
    if (event?.trigger !== AFTER_ROLLUP.trigger || !(error instanceof TickhouseError)) throw error
    services.log.warn('left to the next call', { code: error.code, error: error.message })
    return { sent: 0 }
  }
})

export { publish as handler }
