import type { PipelineStatus } from '../lib/status/pipelineStatus.ts'
import { serversOf } from './sandbox.ts'
import { functionEnv, type Settings } from './settings.ts'

/** How long ticks are counted to say how many come a second. */
const RATE_OVER_MS = 30_000

/** Turns one look after another at the pipeline into a line for people. */
export class LiveStatus {
  #looks: { atMs: number; ticks: number }[] = []

  /** The line for a status seen at `nowMs` (any clock, always the same). */
  line(status: PipelineStatus, nowMs: number): string {
    const { ticks, ingestLag, rollupLag, publishLagMs, deadLetters } = status
    const parts = [
      `${count(ticks)} ticks, ${this.#perSecond(ticks, nowMs)}/s`,
      `lag: ingest ${count(ingestLag)}, rollup ${count(rollupLag)}, publish ${(publishLagMs / 1_000).toFixed(1)} s`,
      `newest candle ${minute(status.newestCandleUs)}`,
      ...(deadLetters > 0 ? [`dead letters ${count(deadLetters)}`] : []),
    ]
    return parts.join(' · ')
  }

  #perSecond(ticks: number, atMs: number): string {
    this.#looks = [...this.#looks.filter(look => atMs - look.atMs <= RATE_OVER_MS), { atMs, ticks }]
    const first = this.#looks[0]!
    const seconds = (atMs - first.atMs) / 1_000
    return seconds > 0 ? ((ticks - first.ticks) / seconds).toFixed(1) : '–'
  }
}

/** Where everything can be reached, one line each. */
export function addresses(settings: Settings): string[] {
  const { ports } = settings
  const isWatched = serversOf(settings).some(({ name, pid }) => name === 'prometheus' && pid !== undefined)
  const env = functionEnv(ports)
  return [
    `  Kafka            ${env.KAFKA_BROKERS}`,
    `  Trino            ${env.TRINO_URL}  (catalog lake, schema market_data)`,
    `  Iceberg catalog  ${env.ICEBERG_URI}  (warehouse ${env.ICEBERG_WAREHOUSE})`,
    `  S3               ${env.S3_ENDPOINT}  (console http://127.0.0.1:${ports.s3Console})`,
    ...(isWatched ? [`  Prometheus       http://127.0.0.1:${ports.prometheus}`] : []),
    `  Functions        http://127.0.0.1:${ports.http}  (Lambda API ${env.LAMBDA_ENDPOINT})`,
  ]
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

function minute(timeUs: number | undefined): string {
  if (timeUs === undefined) return 'none yet'
  const [day, time] = new Date(timeUs / 1_000).toISOString().slice(0, 16).split('T')
  const today = new Date().toISOString().startsWith(`${day}T`)
  return today ? `${time} UTC` : `${day} ${time} UTC`
}
