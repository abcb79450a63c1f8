import { ingestTicks } from '../lib/ingest/ingestTicks.ts'
import { minutesRest } from '../lib/ingest/minutesRest.ts'
import { lambdaHandler } from '../lib/lambda/handler.ts'
import { offsetSpans, recordBatches } from '../lib/lambda/kafkaEvent.ts'
import { isMinutesRest } from '../lib/requests/ingestRequest.ts'

/**
 * A batch of Kafka records → one append to `market_data.stock_ticks`; bad ones → the dead-letter topic. `{"only":
 * "minutes-rest"}` fetches the records itself: those that a minute still lacks once its grace is over.
 */
export const handler = lambdaHandler(
  'ingest',
  async (services, event) =>
    ingestTicks(services, isMinutesRest(event) ? await minutesRest(services) : recordBatches(event)),
  { event: event => (isMinutesRest(event) ? {} : { batch: offsetSpans(event) }) },
)
