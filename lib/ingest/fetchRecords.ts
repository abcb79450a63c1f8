import { recordBytes } from '../kafka/requests.ts'
import type { KafkaRecord, RecordBatch, TopicLog } from '../ports.ts'
import type { Unread } from '../status/unread.ts'

/** Reading stops after this many bytes: about the size of an event, as the function has memory for no more. */
const MOST_BYTES = 6 * 1024 * 1024

/** Reads records of some stretches of a topic, in the form of the event source. Stops early where they are many or large. */
export async function fetchRecords(
  topicLog: TopicLog,
  topic: string,
  stretches: readonly Unread[],
  mostRecords: number,
): Promise<RecordBatch[]> {
  let bytes = 0
  let count = 0
  const batches = await Promise.all(
    stretches.map(async ({ partition, from, to }) => {
      const records: KafkaRecord[] = []
      for await (const some of topicLog.records(topic, partition, from, to)) {
        records.push(...some)
        count += some.length
        bytes += some.reduce((sum, record) => sum + recordBytes(record), 0)
        if (bytes >= MOST_BYTES || count >= mostRecords) break
      }
      return { topic, partition, records }
    }),
  )
  return batches.filter(({ records }) => records.length > 0)
}
