import { ingestTicks } from '../../lib/ingest/ingestTicks.ts'
import type { Connections } from '../../lib/lambda/connect.ts'
import type { TimeRange } from '../../lib/market/range.ts'
import { MINUTE_US, type Micros, SECOND_US } from '../../lib/market/time.ts'
import type { RecordBatch } from '../../lib/ports.ts'
import { fakeInstruments, fakeRecord, receiveDelayMs } from '../../lib/produce/fakeTicks.ts'
import { type HistorySpec, SEED } from '../history/spec.ts'
import type { MeasuredHistory } from './measuredHistory.ts'

/** A minute's ticks. */
export function feedMinute({ services, spec }: MeasuredHistory, minuteUs: Micros): Promise<void> {
  return feedSeconds(services, spec, { fromUs: minuteUs, toUs: minuteUs + MINUTE_US })
}

/**
 * Ticks of each symbol, so many seconds apart, the symbols by turns: on Kafka, and ingested in a commit for each second, as a
 * trickle is.
 */
export async function feedSeconds(
  services: Connections,
  { symbols, liveEverySeconds }: Pick<HistorySpec, 'symbols' | 'liveEverySeconds'>,
  { fromUs, toUs }: TimeRange,
): Promise<void> {
  const { topicLog, topicWriter, settings } = services
  const before = await topicLog.offsets(settings.ticksTopic)
  const instruments = fakeInstruments(SEED, symbols)
  for (let timeUs = fromUs; timeUs < toUs; timeUs += SECOND_US) {
    const turn = (timeUs / SECOND_US) % liveEverySeconds
    await topicWriter.send(
      instruments
        .filter((_, i) => i % liveEverySeconds === turn)
        .map(it => ({
          ...fakeRecord(settings.ticksTopic, it, timeUs),
          timestampMs: timeUs / 1000 + receiveDelayMs(it),
        })),
    )
  }
  const after = await topicLog.offsets(settings.ticksTopic)
  const sent: RecordBatch[] = []
  for (const [partition, { high }] of after) {
    const from = before.get(partition)?.high ?? 0
    for await (const records of topicLog.records(settings.ticksTopic, partition, from, high)) {
      sent.push({ topic: settings.ticksTopic, partition, records })
    }
  }
  for (const [second, batches] of bySecond(sent)) {
    await ingestTicks({ ...services, nowMs: () => (second + 1) * 1000 }, batches)
  }
}

/** What a function is given once a second. */
function bySecond(sent: readonly RecordBatch[]): Map<number, RecordBatch[]> {
  const seconds = new Map<number, RecordBatch[]>()
  for (const { topic, partition, records } of sent) {
    for (const [second, some] of Map.groupBy(records, record => Math.floor(record.timestampMs / 1000))) {
      const batches = seconds.get(second)
      if (batches) batches.push({ topic, partition, records: some })
      else seconds.set(second, [{ topic, partition, records: some }])
    }
  }
  return new Map([...seconds].sort(([a], [b]) => a - b))
}
