import { ingestRest, NEEDS_MS } from '../lib/ingest/ingestRest.ts'
import { ingestTicks } from '../lib/ingest/ingestTicks.ts'
import { lambdaHandler } from '../lib/lambda/handler.ts'
import { offsetSpans, recordBatches } from '../lib/lambda/kafkaEvent.ts'
import { oneAtATime } from '../lib/lambda/oneAtATime.ts'
import { isMinutesRest } from '../lib/requests/ingestRequest.ts'

/**
 * A batch of Kafka records → one append to `market_data.stock_ticks`; bad ones → the dead-letter topic.
 * The event `{"only": "minutes-rest"}` fetches the records itself: those of a minute that are not in when its grace is over,
 * and those that the event source will never bring. Batches do not wait for one another: the event source decides how many
 * run at once.
 */
export const handler = lambdaHandler(
  'ingest',
  oneAtATime(
    { nameOf: event => (isMinutesRest(event) ? 'ingest minutes-rest' : undefined), needsMs: NEEDS_MS },
    async (services, event, remainingMs) =>
      isMinutesRest(event) ? ingestRest(services, remainingMs) : ingestTicks(services, recordBatches(event)),
  ),
  { event: event => (isMinutesRest(event) ? {} : { batch: offsetSpans(event) }) },
)
