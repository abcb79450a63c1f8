import { lambdaHandler } from '../lib/lambda/handler.ts'
import { oneAtATime } from '../lib/lambda/oneAtATime.ts'
import { produceTicks } from '../lib/produce/produceTicks.ts'
import { produceRequest } from '../lib/requests/produceRequest.ts'
import { isScheduleEvent } from '../lib/requests/request.ts'

/** Fewer seconds of fake ticks are not worth it. */
const NEEDS_MS = 10_000

/**
 * Fake ticks → the ticks topic: paced over the coming minute, or `{"ticks"}` at once, or `{"from", "to"}` of history. Of
 * the schedule's calls one runs at a time; what a person asks for comes on top of it.
 */
export const handler = lambdaHandler(
  'produce',
  oneAtATime(
    { nameOf: event => (isScheduleEvent(event) ? 'produce' : undefined), needsMs: NEEDS_MS },
    (services, event, remainingMs) => produceTicks(services, produceRequest(event), remainingMs),
  ),
)
