import { TickhouseError } from '../errors.ts'
import { TopicRecreated } from '../ingest/admit.ts'
import { TopicMissing } from '../kafka/errors.ts'

/** True when Kafka cannot say now which candles may close: they are computed all the same, and closed by a later call. */
export function mayCloseLater(error: unknown): error is TickhouseError {
  const isOfTopic = error instanceof TopicMissing || error instanceof TopicRecreated
  return isOfTopic || (error instanceof TickhouseError && error.retryable)
}
