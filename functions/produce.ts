import { lambdaHandler } from '../lib/lambda/handler.ts'
import { produceTicks } from '../lib/produce/produceTicks.ts'
import { produceRequest } from '../lib/requests/produceRequest.ts'

/** Fake ticks → the ticks topic: paced over the coming minute, or `{"ticks"}` at once, or `{"from", "to"}` of history. */
export const handler = lambdaHandler('produce', (services, event, remainingMs) =>
  produceTicks(services, produceRequest(event), remainingMs),
)
