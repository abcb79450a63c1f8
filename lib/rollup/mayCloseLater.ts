import { TickhouseError } from '../errors.ts'
import { TopicRecreated } from '../ingest/admit.ts'
import { TopicMissing } from '../kafka/errors.ts'

/** True when Kafka does not say now what may close, and will: candles are made all the same, and closed another time. */
export function mayCloseLater(error: unknown): error is TickhouseError {
  const isOfTopic = error instanceof TopicMissing || error instanceof TopicRecreated
  return isOfTopic || (error instanceof TickhouseError && error.retryable)
}
