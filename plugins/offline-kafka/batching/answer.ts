import { InvocationFailed } from '../errors.ts'
import type { Slice } from './batcher.ts'

/** Per partition, the offset of the first record that failed; empty when all are done. */
export type FailedOffsets = ReadonlyMap<number, number>

const NOTHING_FAILED: FailedOffsets = new Map()

/**
 * Reads what a function answered to its batch. With `ReportBatchItemFailures`, `{batchItemFailures: [{itemIdentifier:
 * {partition: "topic-0", offset: 123}}]}` names what failed; no answer, no list or an empty one is success; anything else,
 * and a record that was not in the batch, means that the whole batch failed. Without it every answer is success.
 * Throws `InvocationFailed`.
 */
export function readAnswer(
  answer: unknown,
  batch: readonly Slice[],
  { topic, reportBatchItemFailures }: { topic: string; reportBatchItemFailures: boolean },
): FailedOffsets {
  if (!reportBatchItemFailures || answer === undefined || answer === null) return NOTHING_FAILED
  if (typeof answer !== 'object' || Array.isArray(answer)) {
    throw new InvocationFailed(`the answer is not an object with batchItemFailures: ${excerpt(answer)}`)
  }
  const list = member(answer, 'batchItemFailures')
  if (list === undefined || list === null) return NOTHING_FAILED
  if (!Array.isArray(list)) throw new InvocationFailed(`batchItemFailures is not a list: ${excerpt(list)}`)
  return readItemFailures(list, topic, batch)
}

function readItemFailures(list: readonly unknown[], topic: string, batch: readonly Slice[]): FailedOffsets {
  const failed = new Map<number, number>()
  const sent = new Map(batch.map(slice => [`${topic}-${slice.partition}` as unknown, slice]))
  for (const item of list) {
    const identifier = member(item, 'itemIdentifier')
    const slice = sent.get(member(identifier, 'partition'))
    const offset = member(identifier, 'offset')
    if (slice === undefined || typeof offset !== 'number' || slice.records.indexOfOffset(offset) < 0) {
      throw new InvocationFailed(
        `batchItemFailures names a record that is not in the batch: ${excerpt(identifier)}`,
      )
    }
    const lowest = failed.get(slice.partition) ?? Number.POSITIVE_INFINITY
    failed.set(slice.partition, Math.min(lowest, offset))
  }
  return failed
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

const excerpt = (value: unknown) => (JSON.stringify(value) ?? 'undefined').slice(0, 200)
