import type { Slice } from './batcher.ts'
import { InvocationFailed } from './errors.ts'
import type { SourceRecord } from './event.ts'

/** Per partition, the offset of the first record that failed; empty when all are done. */
export type FailedOffsets = ReadonlyMap<number, number>

const NOTHING_FAILED: FailedOffsets = new Map()

/**
 * Reads what a function answered to its batch. Text and numbers are failures: a string that a handler threw arrives
 * as an answer in serverless-offline. With `ReportBatchItemFailures`, `{batchItemFailures: [{itemIdentifier:
 * {partition: "topic-0", offset: 123}}]}` names what failed; no list or an empty one is success, a malformed one or
 * a record that was not in the batch means that the whole batch failed.
 * Throws `InvocationFailed`.
 */
export function readAnswer(
  answer: unknown,
  batch: readonly Slice<SourceRecord>[],
  { topic, reportBatchItemFailures }: { topic: string; reportBatchItemFailures: boolean },
): FailedOffsets {
  if (answer === undefined || answer === null) return NOTHING_FAILED
  if (typeof answer === 'string' || typeof answer === 'number') {
    throw new InvocationFailed(`the handler threw or returned a bare ${typeof answer}: ${excerpt(answer)}`)
  }
  if (!reportBatchItemFailures) return NOTHING_FAILED
  return readItemFailures(answer, topic, batch)
}

function readItemFailures(
  answer: unknown,
  topic: string,
  batch: readonly Slice<SourceRecord>[],
): FailedOffsets {
  const list = member(answer, 'batchItemFailures')
  if (list === undefined || list === null) return NOTHING_FAILED
  if (!Array.isArray(list)) throw new InvocationFailed('batchItemFailures is not a list')
  const failed = new Map<number, number>()
  for (const item of list) {
    const identifier = member(item, 'itemIdentifier')
    const named = member(identifier, 'partition')
    const offset = member(identifier, 'offset')
    const slice = batch.find(({ partition }) => named === `${topic}-${partition}`)
    if (slice === undefined || !slice.records.some(record => Number(record.offset) === offset)) {
      throw new InvocationFailed(
        `batchItemFailures names a record that is not in the batch: ${excerpt(identifier)}`,
      )
    }
    failed.set(
      slice.partition,
      Math.min(failed.get(slice.partition) ?? Number.POSITIVE_INFINITY, Number(offset)),
    )
  }
  return failed
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

const excerpt = (value: unknown) => (JSON.stringify(value) ?? 'undefined').slice(0, 200)
