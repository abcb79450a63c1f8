import type { OutgoingRecord, TopicWriter } from '../../lib/ports.ts'

/** Sends records, so many in one request, one request after the other; `onSent` is told how many were sent in all. */
export async function sendInBatches(
  writer: TopicWriter,
  records: Iterable<OutgoingRecord>,
  size: number,
  onSent: (sent: number) => void = () => {},
): Promise<void> {
  let batch: OutgoingRecord[] = []
  let sent = 0
  const flush = async () => {
    await writer.send(batch)
    sent += batch.length
    batch = []
    onSent(sent)
  }
  for (const record of records) {
    batch.push(record)
    if (batch.length === size) await flush()
  }
  if (batch.length > 0) await flush()
}
