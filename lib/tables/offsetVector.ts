import { z } from 'zod'

/** How far one Kafka partition has been read, in one life (epoch) of its topic. */
export interface Position {
  readonly epoch: number
  readonly partition: number
  /** The next Kafka offset: all below it are in the table or on the dead-letter topic. */
  readonly next: number
  /** The timestamp of the record at next − 1, milliseconds: tells the topic from a later one of the same name. */
  readonly timestampMs: number
}

/**
 * Exactly which ticks a table holds: those below it. Travels in the summary of every snapshot that tickhouse
 * commits, so that rows and vector appear together, and go back together when a table is rolled back.
 */
export interface OffsetVector {
  /** The topic's present life; one more each time it is deleted and made anew. */
  readonly epoch: number
  /** One entry a partition and epoch, sorted by epoch, then partition. */
  readonly positions: readonly Position[]
  /** Kafka's own id of the topic that each epoch was read from, where it is known. */
  readonly topicIds?: Readonly<Record<number, string>> | undefined
}

export const EMPTY_VECTOR: OffsetVector = { epoch: 0, positions: [] }

/** Kafka's id of the topic that the present epoch is read from; undefined where it is unknown. */
export function topicIdOf({ epoch, topicIds }: OffsetVector): string | undefined {
  return topicIds?.[epoch]
}

/** The vector with this topic id for its present epoch; unchanged without an id. */
export function readFrom(vector: OffsetVector, topicId: string | undefined): OffsetVector {
  if (topicId === undefined || topicIdOf(vector) === topicId) return vector
  return { ...vector, topicIds: { ...vector.topicIds, [vector.epoch]: topicId } }
}

/** The next offset of a partition in the given epoch (the present one by default): 0 where nothing was read yet. */
export function nextOffset(vector: OffsetVector, partition: number, epoch = vector.epoch): number {
  return positionOf(vector, partition, epoch)?.next ?? 0
}

/** How far a partition was read in the given epoch (the present one by default); undefined where it never was. */
export function positionOf(
  vector: OffsetVector,
  partition: number,
  epoch = vector.epoch,
): Position | undefined {
  return vector.positions.find(p => p.partition === partition && p.epoch === epoch)
}

/** The vector with these positions in place of those of the same epoch and partition. */
export function advance(vector: OffsetVector, positions: readonly Position[]): OffsetVector {
  const replaced = (p: Position) => positions.some(q => q.epoch === p.epoch && q.partition === p.partition)
  const merged = [...vector.positions.filter(p => !replaced(p)), ...positions]
  return {
    ...vector,
    positions: merged.sort((a, b) => a.epoch - b.epoch || a.partition - b.partition),
  }
}

/** True when every tick below `inner` is below `outer` too. */
export function covers(outer: OffsetVector, inner: OffsetVector): boolean {
  return inner.positions.every(p => nextOffset(outer, p.partition, p.epoch) >= p.next)
}

/** How many offsets lie between the two; 0 where `to` is behind. */
export function distance(from: OffsetVector, to: OffsetVector): number {
  return to.positions.reduce(
    (sum, p) => sum + Math.max(0, p.next - nextOffset(from, p.partition, p.epoch)),
    0,
  )
}

/** Offsets of one partition, both ends included. */
export interface OffsetSpan {
  readonly partition: number
  readonly from: number
  readonly to: number
}

/** The offsets that lie between the two, one span a partition and epoch; none where `to` is not ahead. */
export function spansBetween(from: OffsetVector, to: OffsetVector): OffsetSpan[] {
  return stretchesBetween(from, to).map(({ partition, from, to }) => ({ partition, from, to: to - 1 }))
}

/** Offsets of one partition in one epoch, the end not included. */
export interface OffsetStretch extends OffsetSpan {
  readonly epoch: number
}

/** The offsets that lie between the two, one stretch a partition and epoch; none where `to` is not ahead. */
export function stretchesBetween(from: OffsetVector, to: OffsetVector): OffsetStretch[] {
  return to.positions.flatMap(({ partition, epoch, next }) => {
    const start = nextOffset(from, partition, epoch)
    return next > start ? [{ epoch, partition, from: start, to: next }] : []
  })
}

/** The vector at most `most` offsets on the way from one to the other, each partition by its share. */
export function towards(from: OffsetVector, to: OffsetVector, most: number): OffsetVector {
  const share = most / distance(from, to)
  if (share >= 1) return to
  const positions = to.positions.map(p => {
    const start = nextOffset(from, p.partition, p.epoch)
    const next = start + Math.ceil(Math.max(0, p.next - start) * share)
    return next === p.next ? p : { ...p, next, timestampMs: UNKNOWN_TIME }
  })
  return { epoch: to.epoch, positions }
}

/** For vectors that end between two records that were not looked at. */
export const UNKNOWN_TIME = 0

const COUNT = z.int().nonnegative()
/** A producer may stamp a record with whatever fits in 64 bits, such as nanoseconds; it is only compared. */
const TIMESTAMP_MS = z.number()

/**
 * A vector as a snapshot's summary carries it: `{"epoch":0,"positions":[[epoch, partition, next, timestampMs], …],
 * "topicIds":{"0":"…"}}`; those of earlier versions have no ids.
 */
export const STORED_VECTOR = z
  .object({
    epoch: COUNT,
    positions: z.array(z.tuple([COUNT, COUNT, COUNT, TIMESTAMP_MS])),
    topicIds: z.record(z.string().regex(/^\d+$/), z.string()).optional(),
  })
  .transform(
    ({ epoch, positions, topicIds }): OffsetVector => ({
      epoch,
      ...(topicIds === undefined ? {} : { topicIds }),
      positions: positions.map(([epoch, partition, next, timestampMs]) => {
        return { epoch, partition, next, timestampMs }
      }),
    }),
  )

type Tuple = [epoch: number, partition: number, next: number, timestampMs: number]

/** What `STORED_VECTOR` reads back. */
export function storeVector({ epoch, positions, topicIds }: OffsetVector): z.input<typeof STORED_VECTOR> {
  const stored = positions.map((p): Tuple => [p.epoch, p.partition, p.next, p.timestampMs])
  return { epoch, positions: stored, ...(topicIds === undefined ? {} : { topicIds: { ...topicIds } }) }
}
