import { lambdaHandler } from '../lib/lambda/handler.ts'
import { offsetSpans, recordBatches } from '../lib/lambda/kafkaEvent.ts'
import { ingestTicks } from '../lib/steps/ingestTicks.ts'

/** A batch of Kafka records → one append to `market_data.stock_ticks`; bad ones → the dead-letter topic. */
export const handler = lambdaHandler(
  'ingest',
  (services, event) => ingestTicks(services, recordBatches(event)),
  { event: event => ({ batch: offsetSpans(event) }) },
)
