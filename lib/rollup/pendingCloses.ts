import type { Micros } from '../market/time.ts'
import type { Services } from '../services.ts'
import type { PendingClose } from '../tables/candlesState.ts'
import { advance, covers, nextOffset, type OffsetVector, UNKNOWN_TIME } from '../tables/offsetVector.ts'
import { mayCloseLater } from './mayCloseLater.ts'

type Needs = Pick<Services, 'topicLog' | 'settings'>

/** More would make every snapshot's summary larger; what is left out closes with the next one that is kept. */
const MAX_PENDING = 8

/**
 * The moment up to which candles may close now that they hold all ticks below the vector: the latest of `closes` whose
 * ends the vector has reached, or undefined. Those of an earlier epoch are over: what their topic had and is not in
 * the table is lost.
 */
export async function dueNow(
  services: Needs,
  vector: OffsetVector,
  closes: readonly PendingClose[],
): Promise<Micros | undefined> {
  const latestFirst = ofEpoch(closes, vector.epoch).reverse()
  const [latest] = latestFirst
  if (latest === undefined) return undefined
  const passed = await passIfKnown(services, vector, latest.ends)
  return latestFirst.find(({ ends }) => covers(passed, ends))?.dueUs
}

/** The closes to remember once candles are closed up to a moment; of too many, every other one. */
export function stillPending(
  closes: readonly PendingClose[],
  { epoch }: OffsetVector,
  closedUntilUs: Micros,
): PendingClose[] {
  const left = ofEpoch(closes, epoch).filter(({ dueUs }) => dueUs > closedUntilUs)
  const perMinute = left.filter(({ dueUs }, i) => dueUs !== left[i - 1]?.dueUs)
  if (perMinute.length <= MAX_PENDING) return perMinute
  return perMinute.filter((_, i) => i % 2 === 0 || i === perMinute.length - 1)
}

function ofEpoch(closes: readonly PendingClose[], epoch: number): PendingClose[] {
  return closes.filter(({ ends }) => ends.epoch === epoch).sort((a, b) => a.dueUs - b.dueUs)
}

/** As `passUnseen`; where Kafka does not answer, the vector as it is: a close more waits, and candles are made all the same. */
async function passIfKnown(services: Needs, vector: OffsetVector, ends: OffsetVector): Promise<OffsetVector> {
  try {
    return await passUnseen(services, vector, ends)
  } catch (error) {
    if (!mayCloseLater(error)) throw error
    return vector
  }
}

/**
 * The vector moved on over offsets that no reader sees, up to the ends: transaction markers and aborted records fill
 * offsets that will never be in the table.
 */
export async function passUnseen(
  { topicLog, settings: { ticksTopic } }: Needs,
  vector: OffsetVector,
  { epoch, positions }: OffsetVector,
): Promise<OffsetVector> {
  const ahead = positions.filter(
    p => p.epoch === epoch && epoch === vector.epoch && p.next > nextOffset(vector, p.partition),
  )
  const passed = await Promise.all(
    ahead.map(async ({ partition, next }) => {
      const record = await topicLog.firstFrom(ticksTopic, partition, nextOffset(vector, partition))
      return { epoch, partition, next: Math.min(next, record?.offset ?? next), timestampMs: UNKNOWN_TIME }
    }),
  )
  return advance(vector, passed)
}
