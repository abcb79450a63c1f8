import { lambdaHandler } from '../lib/lambda/handler.ts'
import { oneAtATime } from '../lib/lambda/oneAtATime.ts'
import { rollupRequest } from '../lib/requests/rollupRequest.ts'
import { recomputeCandles } from '../lib/rollup/recomputeCandles.ts'
import { rollupCandles } from '../lib/rollup/rollupCandles.ts'
import { ROUND_MS } from '../lib/rollup/rounds.ts'

/** A stretch that a person asked for is not what the schedule's calls do: it takes no turns with them. */
const rollup = oneAtATime(
  { nameOf: event => (rollupRequest(event) ? undefined : 'rollup'), needsMs: ROUND_MS },
  async (services, event, remainingMs) => {
    const range = rollupRequest(event)
    return range === undefined
      ? rollupCandles(services, remainingMs)
      : recomputeCandles(services, range, remainingMs)
  },
)

/** New ticks → `market_data.candles`; `{"from", "to"}` recomputes a stretch. Starts `publish` when candles changed. */
export const handler = lambdaHandler('rollup', async (services, event, remainingMs) => {
  const result = await rollup(services, event, remainingMs)
  // No part of the turn: serverless-offline lets us wait for publish, and the next rollup need not.
  if ('changed' in result && result.changed > 0) await services.stages.time('publish', services.startPublish)
  return result
})
