import type { Table } from '../iceberg/table.ts'
import type { OffsetRange } from '../ports.ts'
import type { Services } from '../services.ts'
import type { OffsetVector } from '../tables/offsetVector.ts'
import { addTotals, NO_TICKS, type TicksState } from '../tables/ticksTable.ts'
import { compareWithKafka, type Missing, type Tally } from './compareWithKafka.ts'
import { readDeadLetters } from './deadLetterPlaces.ts'
import { findEnds, keyOf } from './findEnds.ts'
import { partsBelow, SHOWN, type Stock, type Stretch, takeStock } from './takeStock.ts'
import { type LogId, tickFiles } from './tickFiles.ts'

type Needs = Pick<Services, 'store' | 'topicLog' | 'settings'>

/** Findings for one partition in one epoch. */
export interface LogFindings extends LogId {
  /** The next offset: one above the highest that the table has. */
  readonly next: number
  /** The number of offsets below `next` that the table has. */
  present: number
  /** The number of rows beyond the first with their offset, and the first of these offsets. */
  doubled: number
  readonly doubledOffsets: number[]
  /** The offsets below `next` that the table does not have. */
  readonly missing: Missing
  /** The number of offsets on Kafka from `next` on: ingest will take them in. */
  readonly toCome: number
}

/** A state worked out from the rows, with its evidence. */
export interface RebuiltTicks {
  readonly state: TicksState
  readonly logs: readonly LogFindings[]
}

/** True when every offset below the vector is in the table once, or is known not to be a tick. */
export function isProven(logs: readonly LogFindings[]): boolean {
  return logs.every(({ doubled, missing: { goodTicks, withoutLetter, unknown } }) => {
    return doubled + goodTicks.count + withoutLetter.count + unknown.count === 0
  })
}

/**
 * Works out the table's vector from the partition and offset of its rows: for each partition the offset after the highest one.
 * Offsets below it that the table lacks are compared with the dead letters and with what Kafka still has. It writes nothing.
 * In memory are the offsets of one file, and one bit for each of at most 2^31 offsets.
 */
export async function rebuildTicks(
  services: Needs,
  ticks: Table,
  onProgress: (line: string) => void,
): Promise<RebuiltTicks> {
  const { store, topicLog, settings } = services
  const files = await tickFiles(store, ticks)
  const vector = await findEnds(store, files, onProgress)
  const ranges = await topicLog.offsets(settings.ticksTopic)
  const logs = new Map(vector.positions.map(log => [keyOf(log), noFindings(log, vector, ranges)]))
  let totals = { ...NO_TICKS, ticks: files.reduce((sum, { rows }) => sum + rows, 0) }
  const parts = partsBelow(vector)
  for (const [i, stretches] of parts.entries()) {
    const part = parts.length === 1 ? '' : `part ${i + 1} of ${parts.length}: `
    const { stocks, late } = await takeStock(store, files, stretches, settings.graceMs, (read, of) =>
      onProgress(`${part}${read} of ${of} files`),
    )
    const { sets, reasons } = await readDeadLetters(services, stretches, line => onProgress(part + line))
    totals = addTotals(totals, { ...NO_TICKS, late, deadLetters: reasons })
    for (const [at, stock] of stocks.entries()) {
      const letters = sets.get(stretches[at] as Stretch)!
      const missing = await compareWithKafka(services, vector, stock, letters, ranges)
      addStock(logs.get(keyOf(stock))!, stock, missing)
      onProgress(`${part}compared with Kafka: ${at + 1} of ${stocks.length} logs`)
    }
  }
  return { state: { vector, totals }, logs: [...logs.values()] }
}

function noFindings(
  { epoch, partition, next }: LogId & { readonly next: number },
  vector: OffsetVector,
  ranges: ReadonlyMap<number, OffsetRange>,
): LogFindings {
  const high = epoch === vector.epoch ? (ranges.get(partition)?.high ?? 0) : 0
  const none = (): Tally => ({ count: 0, runs: [] })
  const missing = { deadLetters: 0, unseen: 0, goodTicks: none(), withoutLetter: none(), unknown: none() }
  const toCome = Math.max(0, high - next)
  return { epoch, partition, next, present: 0, doubled: 0, doubledOffsets: [], missing, toCome }
}

function addStock(log: LogFindings, { there, doubled, doubledOffsets }: Stock, missing: Missing): void {
  log.present += there.size
  log.doubled += doubled
  log.doubledOffsets.push(...doubledOffsets.slice(0, SHOWN - log.doubledOffsets.length))
  log.missing.deadLetters += missing.deadLetters
  log.missing.unseen += missing.unseen
  addTally(log.missing.goodTicks, missing.goodTicks)
  addTally(log.missing.withoutLetter, missing.withoutLetter)
  addTally(log.missing.unknown, missing.unknown)
}

function addTally(tally: Tally, { count, runs }: Tally): void {
  tally.count += count
  tally.runs.push(...runs.slice(0, SHOWN - tally.runs.length))
}
