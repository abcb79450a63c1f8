import { lambdaHandler } from '../lib/lambda/handler.ts'
import { oneAtATime } from '../lib/lambda/oneAtATime.ts'
import { rollupRequest } from '../lib/requests/rollupRequest.ts'
import { minuteBudget } from '../lib/rollup/budget.ts'
import { markRanges } from '../lib/rollup/markRanges.ts'
import { rollupCandles } from '../lib/rollup/rollupCandles.ts'

/** A call that has waited for its turn needs this much time to do a live round. */
const NEEDS_MS = 30_000

/**
 * New ticks → `market_data.candles`; `{"from", "to"}` recomputes a stretch. Starts `publish` whenever candles have
 * changed, and waits for it after its own turn: the next rollup need not.
 */
export const handler = lambdaHandler('rollup', async (services, event, remainingMs) => {
  const publishing: Promise<void>[] = []
  const turn = oneAtATime<object>({ nameOf: () => 'rollup', needsMs: NEEDS_MS }, () => {
    const budget = minuteBudget(services.nowMs, remainingMs)
    return rollupCandles(services, budget, () => void publishing.push(services.startPublish()))
  })
  const range = rollupRequest(event)
  // Before the turn: where another call has it, that one or the next does what is marked.
  const marked = range === undefined ? {} : { hoursMarked: await markRanges(services, [range]) }
  try {
    return { ...marked, ...(await turn(services, event, remainingMs)) }
  } finally {
    await services.stages.time('publish', () => Promise.all(publishing))
  }
})
