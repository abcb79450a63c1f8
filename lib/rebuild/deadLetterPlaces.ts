import { BAD_TICK_REASONS, type BadTickReason } from '../market/tick.ts'
import type { Headers, HeaderValue, KafkaRecord } from '../ports.ts'
import type { Services } from '../services.ts'
import { keyOf } from './findEnds.ts'
import { OffsetSet } from './offsetSet.ts'
import type { Stretch } from './takeStock.ts'

/** The offsets, on the ticks topic, of the records on the dead-letter topic. */
export interface DeadLetterPlaces {
  /** For each stretch, the offsets that have a dead letter. */
  readonly sets: ReadonlyMap<Stretch, OffsetSet>
  /** Dead letters by reason; one that was sent twice counts once. */
  readonly reasons: Readonly<Partial<Record<BadTickReason, number>>>
}

/** Reads the whole dead-letter topic, and skips records that `ingest` did not write. */
export async function readDeadLetters(
  { topicLog, settings: { deadLetterTopic, ticksTopic } }: Pick<Services, 'topicLog' | 'settings'>,
  stretches: readonly Stretch[],
  onProgress: (line: string) => void,
): Promise<DeadLetterPlaces> {
  const sets = new Map(stretches.map(stretch => [stretch, new OffsetSet(stretch.run)]))
  const byLog = Map.groupBy(stretches, keyOf)
  const reasons: Partial<Record<BadTickReason, number>> = {}
  let seen = 0
  for (const [partition, { low, high }] of await topicLog.offsets(deadLetterTopic)) {
    for await (const records of topicLog.records(deadLetterTopic, partition, low, high)) {
      for (const record of records) {
        const place = placeOf(record, ticksTopic)
        if (place === undefined) continue
        const isNew = (byLog.get(place.log) ?? []).some(stretch => sets.get(stretch)!.add(place.offset))
        if (isNew) reasons[place.reason] = (reasons[place.reason] ?? 0) + 1
      }
      seen += records.length
      onProgress(`dead letters: ${seen} read`)
    }
  }
  return { sets, reasons }
}

interface LetterPlace {
  readonly log: string
  readonly offset: number
  readonly reason: BadTickReason
}

/** Reads the headers that `deadLetter` writes; undefined for another record. */
function placeOf({ headers }: KafkaRecord, ticksTopic: string): LetterPlace | undefined {
  const [epoch, partition, offset] = ['epoch', 'partition', 'offset'].map(name => wholeNumber(headers, name))
  const reason = BAD_TICK_REASONS.find(each => each === textOf(headers, 'reason'))
  if (epoch === undefined || partition === undefined || offset === undefined || reason === undefined) return
  if (textOf(headers, 'topic') !== ticksTopic) return
  return { log: keyOf({ epoch, partition }), offset, reason }
}

function wholeNumber(headers: Headers, name: string): number | undefined {
  const text = textOf(headers, name)
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** The last value of a header that is there more than once: ours come after the record's own. */
function textOf(headers: Headers, name: string): string | undefined {
  const value = [headers[`tickhouse.${name}`]].flat().at(-1) as HeaderValue | undefined
  return value === undefined ? undefined : Buffer.from(value as Uint8Array).toString()
}
