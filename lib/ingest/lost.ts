import type { KafkaRecord, TopicLog } from '../ports.ts'

/**
 * How many records Kafka has removed that were never read, by the offset of the record that follows them: `gone` before the
 * first one, by retention, and those that compaction took between the first offset that is left and the last record. What
 * fills other gaps is no loss: markers of transactions, and records of those that were aborted.
 */
export async function lostBy(
  log: TopicLog,
  topic: string,
  partition: number,
  { next, gone }: { readonly next: number; readonly gone: number },
  records: readonly KafkaRecord[],
): Promise<Map<number, number>> {
  const [first] = records
  const lost = new Map<number, number>()
  if (first === undefined) return lost
  const gaps = gapsBetween(Math.min(next + gone, first.offset), records)
  if (gone > 0) lost.set(first.offset, gone)
  if (gaps.length === 0 || !(await log.isCompacted(topic))) return lost
  // Both in the order of offsets.
  const unseen = await log.unseen(topic, partition, gaps[0]!.from, gaps.at(-1)!.to)
  let i = 0
  for (const { from, to } of gaps) {
    while (i < unseen.length && unseen[i]! < from) i++
    const first = i
    while (i < unseen.length && unseen[i]! < to) i++
    const removed = to - from - (i - first)
    if (removed > 0) lost.set(to, (lost.get(to) ?? 0) + removed)
  }
  return lost
}

/** Offsets without a record, `to` being that of the record that follows. */
function gapsBetween(from: number, records: readonly KafkaRecord[]): { from: number; to: number }[] {
  let expected = from
  return records.flatMap(({ offset }) => {
    const gap = offset > expected ? [{ from: expected, to: offset }] : []
    expected = offset + 1
    return gap
  })
}
