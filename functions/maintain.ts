import { lambdaHandler } from '../lib/lambda/handler.ts'
import { oneAtATime } from '../lib/lambda/oneAtATime.ts'
import { COMMIT_WORK_MS } from '../lib/maintain/compactTable.ts'
import { maintain } from '../lib/maintain/maintain.ts'
import { maintainRequest } from '../lib/requests/maintainRequest.ts'

/** Each part by itself: orphans have one call an hour, which must not be skipped for compaction's sake. */
function turnOf(event: unknown): string {
  const { only } = maintainRequest(event)
  return only === undefined ? 'maintain' : `maintain ${only}`
}

/** Merges small files of both tables, and removes files that nobody needs; `{"only"}` does one of the two. */
export const handler = lambdaHandler(
  'maintain',
  oneAtATime({ nameOf: turnOf, needsMs: COMMIT_WORK_MS }, (services, event, remainingMs) =>
    maintain(services, maintainRequest(event), remainingMs),
  ),
)
