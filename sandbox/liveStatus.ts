import type { PipelineStatus } from '../lib/status/pipelineStatus.ts'
import { serversOf } from './sandbox.ts'
import { functionEnv, type Settings } from './settings.ts'

/** How long ticks are counted to say how many come a second. */
const RATE_OVER_MS = 30_000

/** Turns one look after another at the pipeline into a line for people. */
export class LiveStatus {
  #looks: { atMs: number; ticks: number }[] = []
  /** The look since which stale hours have only become fewer. */
  #fullest: { atMs: number; hours: number } | undefined

  /** The line for a status seen at `nowMs` (any clock, always the same). */
  line(status: PipelineStatus, nowMs: number): string {
    const { ticks, ingestLag, rollupLag, publishLagMs, deadLetters, liveDelayMs, staleHours } = status
    const parts = [
      `${count(ticks)} ticks, ${this.#perSecond(ticks, nowMs)}/s`,
      ...(liveDelayMs === undefined ? [] : [`live candles follow by ${duration(liveDelayMs)}`]),
      ...this.#catchingUp(staleHours, nowMs),
      `lag: ingest ${count(ingestLag)}, rollup ${count(rollupLag)}, publish ${duration(publishLagMs)}`,
      `newest candle ${minute(status.newestCandleUs)}`,
      ...(deadLetters > 0 ? [`dead letters ${count(deadLetters)}`] : []),
    ]
    return parts.join(' · ')
  }

  /** `catching up: 312 of 960 hours, 2 min`: what is left, of how much, and for how long if it goes on as it does. */
  #catchingUp(hours: number, atMs: number): string[] {
    if (hours === 0) this.#fullest = undefined
    else if (this.#fullest === undefined || hours >= this.#fullest.hours) this.#fullest = { atMs, hours }
    if (this.#fullest === undefined) return []
    const done = this.#fullest.hours - hours
    if (done === 0) return [`catching up: ${count(hours)} ${hours === 1 ? 'hour' : 'hours'}`]
    const leftMs = (hours * (atMs - this.#fullest.atMs)) / done
    return [`catching up: ${count(hours)} of ${count(this.#fullest.hours)} hours, ${duration(leftMs)}`]
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

function duration(ms: number): string {
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
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
