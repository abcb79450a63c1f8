import { planFiles, scanFiles } from '../iceberg/plan.ts'
import type { Table } from '../iceberg/table.ts'
import { cutAtMidnights, cutEvenly, type TimeRange } from '../market/range.ts'
import { dayOf, formatDateTime } from '../market/time.ts'
import type { ObjectStore } from '../ports.ts'
import { commitRound } from './commitRound.ts'
import { LARGEST_ROUND } from './pace.ts'
import type { RollupServices } from './rollupCandles.ts'
import { loadInputs } from './rollupInputs.ts'
import { doRounds } from './rounds.ts'
import { mayHoldCandles } from './storedCandles.ts'

export interface RecomputeResult {
  readonly rounds: number
  /** Rows written: candles that were not as their ticks say. */
  readonly changed: number
  /** Where to go on when time ran out: the same request with this `from`. */
  readonly next?: string
}

/**
 * Computes the candles of a stretch anew from the ticks that the candles are made of, and repairs what differs: in
 * bounded pieces of at most a day, each one commit that leaves the vector where it is. Days without ticks are skipped.
 */
export async function recomputeCandles(
  services: RollupServices,
  range: TimeRange,
  remainingMs: () => number,
): Promise<RecomputeResult> {
  const { ticks } = await loadInputs(services)
  const pieces = await piecesOf(services.store, ticks, range)
  if (pieces.length === 0) return { rounds: 0, changed: 0 }
  const round = async () => {
    const piece = pieces[0]!
    const changed = await recomputePiece(services, piece)
    pieces.shift()
    return { changed, hasMore: pieces.length > 0, progress: { upTo: formatDateTime(piece.toUs) } }
  }
  const halve = () => {
    const halves = cutEvenly(pieces[0]!, 2)
    pieces.splice(0, 1, ...halves)
    return halves.length > 1
  }
  const done = await doRounds(services.log, { round, halve }, remainingMs)
  const [left] = pieces
  return left === undefined ? done : { ...done, next: formatDateTime(left.fromUs) }
}

async function recomputePiece(services: RollupServices, piece: TimeRange): Promise<number> {
  const inputs = await loadInputs(services)
  const files = await planFiles(services.store, inputs.candles)
  const minutes = [piece]
  return commitRound(services, inputs, {
    minutes,
    stored: mayHoldCandles(files, minutes),
    state: inputs.state,
  })
}

/** The days of the stretch that have ticks; one with many of them in parts. */
async function piecesOf(store: ObjectStore, ticks: Table, range: TimeRange): Promise<TimeRange[]> {
  const rowsByDay = new Map<number, number>()
  const within = { date_time_day: { from: dayOf(range.fromUs), to: dayOf(range.toUs) } }
  for await (const files of scanFiles(store, ticks, { within })) {
    for (const { partition, recordCount } of files) {
      const day = Number(partition.date_time_day)
      rowsByDay.set(day, (rowsByDay.get(day) ?? 0) + recordCount)
    }
  }
  return [...cutAtMidnights(range)].flatMap(piece =>
    cutEvenly(piece, Math.ceil((rowsByDay.get(dayOf(piece.fromUs)) ?? 0) / LARGEST_ROUND.ticks)),
  )
}
