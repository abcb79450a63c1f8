import { lambdaHandler } from '../lib/lambda/handler.ts'
import { maintain } from '../lib/maintain/maintain.ts'
import { maintainRequest } from '../lib/requests/maintainRequest.ts'

/** Merges small files of both tables, and removes files that nobody needs; `{"only"}` does one of the two. */
export const handler = lambdaHandler('maintain', (services, event, remainingMs) =>
  maintain(services, maintainRequest(event), remainingMs),
)
