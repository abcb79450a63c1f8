import { isSameLog } from '../ingest/admit.ts'
import { decodeTick } from '../market/tick.ts'
import type { OffsetRange } from '../ports.ts'
import type { Services } from '../services.ts'
import { type OffsetVector, positionOf } from '../tables/offsetVector.ts'
import type { OffsetSet, Run } from './offsetSet.ts'
import { SHOWN, type Stock } from './takeStock.ts'

/** A count of offsets of a partition, with the first stretches of them. */
export interface Tally {
  count: number
  readonly runs: Run[]
}

/** The offsets that the table does not have, by the reason. */
export interface Missing {
  /** Records that are on the dead-letter topic. */
  deadLetters: number
  /** Offsets that no reader sees: transaction markers, aborted or compacted records. */
  unseen: number
  /** Good ticks that Kafka has: the rows were deleted, or lost. */
  readonly goodTicks: Tally
  /** Bad ticks that Kafka has and the dead-letter topic does not. */
  readonly withoutLetter: Tally
  /** Offsets that Kafka does not have any more, or that are of an earlier topic: nobody knows what they were. */
  readonly unknown: Tally
}

type Needs = Pick<Services, 'topicLog' | 'settings'>

/** Missing stretches with fewer offsets between them are read together. */
const READ_ACROSS = 2_000

/** Looks up the offsets below the vector that the table lacks: on the dead-letter topic, and in what Kafka still has. */
export async function compareWithKafka(
  services: Needs,
  vector: OffsetVector,
  stock: Stock,
  letters: OffsetSet,
  ranges: ReadonlyMap<number, OffsetRange>,
): Promise<Missing> {
  const missing: Missing = {
    deadLetters: 0,
    unseen: 0,
    goodTicks: { count: 0, runs: [] },
    withoutLetter: { count: 0, runs: [] },
    unknown: { count: 0, runs: [] },
  }
  const low = await firstKept(services, vector, stock, ranges)
  for (const stretch of stretchesToRead(stock.there, low)) {
    if (stretch.to <= low) countGone(missing, stock.there, letters, stretch)
    else await countKept(services, missing, stock, letters, stretch)
  }
  return missing
}

/** The lowest offset that Kafka still has of the partition that the rows are from; infinite where that partition is gone. */
async function firstKept(
  { topicLog, settings: { ticksTopic } }: Needs,
  vector: OffsetVector,
  { epoch, partition }: Stock,
  ranges: ReadonlyMap<number, OffsetRange>,
): Promise<number> {
  const range = ranges.get(partition)
  const position = positionOf(vector, partition)
  if (epoch !== vector.epoch || range === undefined || position === undefined) return Number.POSITIVE_INFINITY
  return (await isSameLog(topicLog, ticksTopic, position)) ? range.low : Number.POSITIVE_INFINITY
}

/** Stretches of missing offsets, with few others between them. A stretch never crosses `low`. */
function* stretchesToRead(there: OffsetSet, low: number): Generator<Run> {
  let open: Run | undefined
  for (const { from, to } of there.missing()) {
    for (const run of cut({ from, to }, low)) {
      const isNear =
        open !== undefined && run.from - open.to < READ_ACROSS && open.to < low === run.from < low
      if (open !== undefined && isNear) open = { from: open.from, to: run.to }
      else {
        if (open !== undefined) yield open
        open = run
      }
    }
  }
  if (open !== undefined) yield open
}

function cut({ from, to }: Run, at: number): Run[] {
  return from < at && at < to
    ? [
        { from, to: at },
        { from: at, to },
      ]
    : [{ from, to }]
}

function countGone(missing: Missing, there: OffsetSet, letters: OffsetSet, { from, to }: Run): void {
  for (let offset = from; offset < to; offset++) {
    if (there.has(offset)) continue
    if (letters.has(offset)) missing.deadLetters += 1
    else add(missing.unknown, offset)
  }
}

async function countKept(
  { topicLog, settings: { ticksTopic, limits } }: Needs,
  missing: Missing,
  { partition, there }: Stock,
  letters: OffsetSet,
  { from, to }: Run,
): Promise<void> {
  let visible = 0
  for await (const records of topicLog.records(ticksTopic, partition, from, to)) {
    for (const { offset, value, timestampMs } of records) {
      if (there.has(offset)) continue
      visible += 1
      if (typeof decodeTick(value, timestampMs, limits) !== 'string') add(missing.goodTicks, offset)
      else if (letters.has(offset)) missing.deadLetters += 1
      else add(missing.withoutLetter, offset)
    }
  }
  let absent = 0
  for (let offset = from; offset < to; offset++) if (!there.has(offset)) absent += 1
  missing.unseen += absent - visible
}

/** Adds an offset to a tally. Offsets come in order. */
function add(tally: Tally, offset: number): void {
  tally.count += 1
  const last = tally.runs.at(-1)
  if (last?.to === offset) tally.runs[tally.runs.length - 1] = { from: last.from, to: offset + 1 }
  else if (tally.runs.length < SHOWN) tally.runs.push({ from: offset, to: offset + 1 })
}
