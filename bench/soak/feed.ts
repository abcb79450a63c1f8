import { ingestTicks } from '../../lib/ingest/ingestTicks.ts'
import type { Connections } from '../../lib/lambda/connect.ts'
import { SECOND_US } from '../../lib/market/time.ts'
import type { KafkaRecord, RecordBatch } from '../../lib/ports.ts'
import { fakeInstruments, fakeRecord } from '../../lib/produce/fakeTicks.ts'
import { BenchFailed } from '../until.ts'

const SYMBOLS = 20
const instruments = fakeInstruments(1, SYMBOLS)

/** Ticks that come in: each symbol has one a second, and what came in some seconds is one event for ingest. */
export class Feed {
  readonly #services: Connections
  /** By partition, the offset of the next record. */
  readonly #next = new Map<number, number>()
  ticks = 0

  constructor(services: Connections) {
    this.#services = services
  }

  /** The ticks of the seconds from one moment to another, sent, delivered and committed. */
  async takeIn(fromMs: number, toMs: number): Promise<void> {
    const { topicWriter, settings } = this.#services
    const seconds = Array.from({ length: (toMs - fromMs) / 1000 }, (_, i) => fromMs * 1000 + i * SECOND_US)
    const records = seconds.flatMap(timeUs =>
      instruments.map(instrument => fakeRecord(settings.ticksTopic, instrument, timeUs)),
    )
    await topicWriter.send(records)
    const { ticks } = await ingestTicks(this.#services, await this.#deliver())
    if (ticks !== records.length) throw new BenchFailed(`${ticks} of ${records.length} ticks came in`)
    this.ticks += ticks
  }

  async #deliver(): Promise<RecordBatch[]> {
    const { topicLog, settings } = this.#services
    const topic = settings.ticksTopic
    const ranges = await topicLog.offsets(topic)
    const batches = await Promise.all(
      [...ranges].map(async ([partition, { low, high }]) => {
        const records: KafkaRecord[] = []
        const from = this.#next.get(partition) ?? low
        for await (const some of topicLog.records(topic, partition, from, high)) records.push(...some)
        this.#next.set(partition, high)
        return { topic, partition, records }
      }),
    )
    return batches.filter(({ records }) => records.length > 0)
  }
}
