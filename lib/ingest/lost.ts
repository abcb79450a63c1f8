import type { KafkaRecord, TopicLog } from '../ports.ts'

/**
 * Counts records that Kafka removed before they were read, by the offset of the record that follows them. Retention removed
 * `gone` records before the first one; compaction removed others up to the last record. Gaps of transaction markers and of
 * records of aborted transactions are not a loss.
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
  // `gaps` and `unseen` are both in the order of offsets.
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

/** Gaps between records: `from` is the first missing offset, `to` the offset of the next record. */
function gapsBetween(from: number, records: readonly KafkaRecord[]): { from: number; to: number }[] {
  let expected = from
  return records.flatMap(({ offset }) => {
    const gap = offset > expected ? [{ from: expected, to: offset }] : []
    expected = offset + 1
    return gap
  })
}
