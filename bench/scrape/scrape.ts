import { ingestTicks } from '../../lib/ingest/ingestTicks.ts'
import { type KafkaEvent, recordBatches } from '../../lib/lambda/kafkaEvent.ts'
import { metricRoutes } from '../../lib/lambda/metricRoutes.ts'
import type { Bench, BenchRun, Results } from '../benches.ts'
import { eventsOf } from '../ingest/events.ts'
import { fillTopic } from '../ingest/fillTopic.ts'
import { wholeNumber } from '../options.ts'
import { percentilesMs } from '../percentile.ts'
import { BenchFailed } from '../until.ts'
import { type BenchWorld, openWorld } from '../world.ts'

/** As many snapshots as the ticks table keeps on its list, and so as large as its metadata becomes. */
const COMMITS = 300
const TICKS_PER_COMMIT = 20

const EVERYTHING_ANSWERS = /^tickhouse_dependency_up\{dependency="iceberg"\} 1$/m

/** What a scrape of the function `metrics` takes, once it is warm. There is no Trino: a scrape that asked it would fail. */
export const scrape: Bench = {
  usage: 'GET /metrics with 300 snapshots on the list, and no Trino at all. --scrapes N (200)',
  options: { scrapes: { type: 'string' } },
  measure,
}

async function measure(run: BenchRun): Promise<Results> {
  const scrapes = wholeNumber(run, 'scrapes', 200)
  const world = await openWorld(run, ['kafka', 'seaweedfs'])
  await fillTopic(world, COMMITS * TICKS_PER_COMMIT, run)
  run.progress(`${COMMITS} commits …`)
  for await (const event of eventsOf(world)) await takeIn(world, event)
  const firstMs = await scrapeOnce(world)
  const tookMs: number[] = []
  for (let i = 0; i < scrapes; i++) tookMs.push(await scrapeOnce(world))
  return { scrape: { scrapes, first_ms: Math.round(firstMs), ...percentilesMs(tookMs) } }
}

/** In many small commits. */
async function takeIn({ services }: BenchWorld, event: KafkaEvent): Promise<void> {
  for (const batch of recordBatches(event)) {
    for (let i = 0; i < batch.records.length; i += TICKS_PER_COMMIT) {
      await ingestTicks(services, [{ ...batch, records: batch.records.slice(i, i + TICKS_PER_COMMIT) }])
    }
  }
}

async function scrapeOnce({ services }: BenchWorld): Promise<number> {
  const startedMs = performance.now()
  const request = { query: new URLSearchParams(), path: {}, headers: {} }
  const { body } = await metricRoutes(services)['GET /metrics']!(request)
  const tookMs = performance.now() - startedMs
  if (typeof body !== 'string' || !EVERYTHING_ANSWERS.test(body))
    throw new BenchFailed(`a scrape gave: ${body}`)
  return tookMs
}
