import { dayOf } from '../market/time.ts'
import type { OffsetVector, Position } from '../tables/offsetVector.ts'
import type { StoredTick, TickTotals } from '../tables/ticksTable.ts'
import type { AdmittedBatch } from './admit.ts'
import type { BadRecord, DecodedRecord } from './decodeBatch.ts'

/** What one commit takes: from each partition some records that continue the vector. */
export type Part = readonly AdmittedBatch[]

/** The beginning of the batches that touches at most `maxDays` days of ticks. */
export function takePart(batches: readonly AdmittedBatch[], maxDays: number): Part {
  const days = new Set<number>()
  const part: AdmittedBatch[] = []
  for (const batch of batches) {
    const end = batch.records.findIndex(({ tick }) => {
      if (tick !== undefined) days.add(dayOf(tick.dateTimeUs))
      return days.size > maxDays
    })
    if (end !== 0) part.push(end < 0 ? batch : { ...batch, records: batch.records.slice(0, end) })
    if (end >= 0) break
  }
  return part
}

/** True when both hold the same records. */
export function isSamePart(a: Part, b: Part): boolean {
  const spans = (part: Part) =>
    part.map(({ partition, records }) => [partition, records[0]?.record.offset, records.length]).join()
  return spans(a) === spans(b)
}

/** The good ticks by their day, which is the table's partition. */
export function rowsByDay(part: Part, epoch: number): Map<number, StoredTick[]> {
  const days = new Map<number, StoredTick[]>()
  for (const { partition, records } of part) {
    for (const { record, tick } of records) {
      if (tick === undefined) continue
      const day = dayOf(tick.dateTimeUs)
      const rows = days.get(day) ?? []
      if (rows.length === 0) days.set(day, rows)
      rows.push({ tick, epoch, partition, offset: record.offset, timestampMs: record.timestampMs })
    }
  }
  return days
}

/** Where the vector stands once the part is in. */
export function endsOf(part: Part, { epoch }: OffsetVector): Position[] {
  return part.map(({ partition, records }) => {
    const { offset, timestampMs } = records.at(-1)!.record
    return { epoch, partition, next: offset + 1, timestampMs }
  })
}

/** What the part adds to the table's totals. */
export function countPart(part: Part): TickTotals {
  const deadLetters: Record<string, number> = {}
  let ticks = 0
  let late = 0
  for (const { records } of part) {
    for (const record of records) {
      if (record.tick === undefined) deadLetters[record.reason] = (deadLetters[record.reason] ?? 0) + 1
      else {
        ticks++
        if (record.isLate) late++
      }
    }
  }
  return { ticks, late, lost: part.reduce((sum, { lost }) => sum + lost, 0), deadLetters }
}

/** The records that are no ticks, each with its partition. */
export function badRecords(part: Part): (BadRecord & { readonly partition: number })[] {
  return part.flatMap(({ partition, records }) => records.filter(isBad).map(bad => ({ ...bad, partition })))
}

function isBad(record: DecodedRecord): record is BadRecord {
  return record.tick === undefined
}
