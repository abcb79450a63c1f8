import type { Connections } from '../lib/lambda/connect.ts'
import { lambdaHandler } from '../lib/lambda/handler.ts'
import { oneAtATime } from '../lib/lambda/oneAtATime.ts'
import { checkCounts } from '../lib/maintain/checkCounts.ts'
import { COMMIT_WORK_MS } from '../lib/maintain/compactTable.ts'
import { maintain } from '../lib/maintain/maintain.ts'
import { maintainRequest } from '../lib/requests/maintainRequest.ts'

/** Each part by itself: those with one call an hour must not be skipped for compaction's sake. */
function turnOf(event: unknown): string {
  const { only } = maintainRequest(event)
  return only === undefined ? 'maintain' : `maintain ${only}`
}

async function doParts(services: Connections, event: unknown, remainingMs: () => number) {
  const { only } = maintainRequest(event)
  const tables = only === 'counts' ? {} : await maintain(services, { only }, remainingMs)
  const isCounted = only === undefined || only === 'counts'
  return isCounted ? { ...tables, counts: await checkCounts(services) } : tables
}

/**
 * Merges small files of both tables, removes files that nobody needs, and compares how many ticks there are with how many
 * the candles are made of; `{"only"}` does one of the three.
 */
export const handler = lambdaHandler(
  'maintain',
  oneAtATime({ nameOf: turnOf, needsMs: COMMIT_WORK_MS }, doParts),
)
