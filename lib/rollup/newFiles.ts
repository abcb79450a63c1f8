import { type LiveFile, lowerBound, upperBound } from '../iceberg/dataFile.ts'
import { scanFiles } from '../iceberg/plan.ts'
import type { ColumnValue, Field } from '../iceberg/schema.ts'
import type { ObjectStore } from '../ports.ts'
import { fieldNamed } from '../tables/layout.ts'
import { nextOffset, type OffsetVector } from '../tables/offsetVector.ts'
import { TICKS_SCHEMA } from '../tables/ticksTable.ts'
import type { RollupInputs } from './rollupInputs.ts'

/** What ingest committed at once: a file a day. Paths alone are kept, as there may be hundreds of thousands. */
export interface Commit {
  readonly sequence: number
  readonly paths: readonly string[]
}

/** The files of the ticks table that may hold ticks which the candles lack. */
export interface NewFiles {
  /** In their order: what a later commit holds lies above all that an earlier one holds of the same log. */
  readonly commits: readonly Commit[]
  /** Made by compaction: of ticks from wherever below the target. */
  readonly compacted: readonly string[]
}

/**
 * Looks them up in the manifests: younger than the sequence number that the candles are done with, and not ruled out by
 * their bounds. A compacted file is told by a data sequence number that is not its own.
 */
export async function listNewFiles(
  store: ObjectStore,
  { ticks, ticksVector, state: { vector: from, ticksSequence } }: RollupInputs,
  target: OffsetVector,
): Promise<NewFiles> {
  const compacted: string[] = []
  const bySequence = new Map<number, string[]>()
  for await (const files of scanFiles(store, ticks, { minSequenceNumber: ticksSequence + 1 })) {
    for (const file of files) {
      const isCompacted = file.fileSequenceNumber !== file.sequenceNumber
      if (!mayHoldBetween(file, from, isCompacted ? target : ticksVector)) continue
      const known = isCompacted ? compacted : bySequence.get(file.sequenceNumber)
      if (known === undefined) bySequence.set(file.sequenceNumber, [file.path])
      else known.push(file.path)
    }
  }
  const commits = [...bySequence].map(([sequence, paths]) => ({ sequence, paths }))
  return { compacted, commits: commits.sort((a, b) => a.sequence - b.sequence) }
}

const OFFSET = fieldNamed(TICKS_SCHEMA, 'kafka_offset')
const PARTITION = fieldNamed(TICKS_SCHEMA, 'kafka_partition')
const EPOCH = fieldNamed(TICKS_SCHEMA, 'kafka_epoch')

/** False when the bounds say that none of the file's ticks lies in [from, to). */
function mayHoldBetween(file: LiveFile, from: OffsetVector, to: OffsetVector): boolean {
  const low = Number(lowerBound(file, OFFSET) ?? 0)
  const high = Number(upperBound(file, OFFSET) ?? Number.POSITIVE_INFINITY)
  return to.positions.some(
    ({ partition, epoch, next }) =>
      low < next &&
      high >= nextOffset(from, partition, epoch) &&
      mayBe(file, PARTITION, partition) &&
      mayBe(file, EPOCH, epoch),
  )
}

function mayBe(file: LiveFile, field: Field, value: number): boolean {
  const holds = (bound: ColumnValue | undefined, within: (bound: number) => boolean) =>
    bound === undefined || within(Number(bound))
  return (
    holds(lowerBound(file, field), low => low <= value) &&
    holds(upperBound(file, field), high => high >= value)
  )
}
