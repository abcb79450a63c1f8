import { handler } from '../lib/lambda/handler.ts'
import { type KafkaEvent, recordBatches } from '../lib/lambda/kafkaEvent.ts'
import { ingestTicks } from '../lib/steps/ingestTicks.ts'

/** A batch of Kafka records → one append to `market_data.stock_ticks`; bad ones → the dead-letter topic. */
const ingest = handler<KafkaEvent, object>('ingest', (services, event) =>
  ingestTicks(services, recordBatches(event)),
)

export { ingest as handler }
