import { isLate } from '../market/tick.ts'
import type { OffsetVector, Position } from '../tables/offsetVector.ts'
import type { TickRows } from '../tables/tickRows.ts'
import type { TickTotals } from '../tables/ticksTable.ts'
import type { AdmittedBatch } from './admit.ts'
import { type BadRecord, cutBatch } from './decodeBatch.ts'

/** What one commit takes: from each partition some records that continue the vector. */
export type Part = readonly AdmittedBatch[]

/** The beginning of the batches that touches at most `maxDays` days of ticks. */
export function takePart(batches: readonly AdmittedBatch[], ticks: TickRows, maxDays: number): Part {
  const days = new Set<number>()
  const part: AdmittedBatch[] = []
  for (const batch of batches) {
    const end = batch.outcomes.findIndex(outcome => {
      if (typeof outcome === 'number') days.add(ticks.day(outcome))
      return days.size > maxDays
    })
    if (end !== 0) part.push(end < 0 ? batch : cutBatch(batch, 0, end))
    if (end >= 0) break
  }
  return part
}

/** True when both hold the same records. */
export function isSamePart(a: Part, b: Part): boolean {
  const spans = (part: Part) =>
    part.map(({ partition, records }) => [partition, records[0]?.offset, records.length]).join()
  return spans(a) === spans(b)
}

/** The rows of the good ticks. */
export function rowsOfPart(part: Part): number[] {
  return part.flatMap(rowsOf)
}

function rowsOf({ outcomes }: AdmittedBatch): number[] {
  return outcomes.filter(outcome => typeof outcome === 'number')
}

/** Where the vector stands once the part is in. */
export function endsOf(part: Part, { epoch }: OffsetVector): Position[] {
  return part.map(({ partition, records }) => {
    const { offset, timestampMs } = records.at(-1)!
    return { epoch, partition, next: offset + 1, timestampMs }
  })
}

/** What the part adds to the table's totals. */
export function countPart(part: Part, ticks: TickRows, graceMs: number): TickTotals {
  const rows = part.flatMap(rowsOf)
  const late = rows.filter(row => isLate(ticks.dateTimeUs(row), ticks.timestampMs(row), graceMs))
  const deadLetters: Record<string, number> = {}
  for (const { reason } of badRecords(part)) deadLetters[reason] = (deadLetters[reason] ?? 0) + 1
  const lost = part.reduce((sum, batch) => sum + countLost(batch), 0)
  return { ticks: rows.length, late: late.length, lost, deadLetters }
}

function countLost({ records, lost }: AdmittedBatch): number {
  if (lost.size === 0) return 0
  return records.reduce((sum, { offset }) => sum + (lost.get(offset) ?? 0), 0)
}

/** The records that are not ticks. */
export function badRecords(part: Part): BadRecord[] {
  const bad: BadRecord[] = []
  for (const { partition, records, outcomes } of part) {
    outcomes.forEach((outcome, i) => {
      if (typeof outcome === 'string') bad.push({ partition, record: records[i]!, reason: outcome })
    })
  }
  return bad
}
