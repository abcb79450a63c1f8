import type { Connections } from '../../lib/lambda/connect.ts'
import { checkCounts } from '../../lib/maintain/checkCounts.ts'
import { maintain } from '../../lib/maintain/maintain.ts'
import { publishCandles } from '../../lib/publish/publishCandles.ts'
import { UNBOUNDED } from '../../lib/rollup/budget.ts'
import { rollupCandles } from '../../lib/rollup/rollupCandles.ts'
import { CANDLES_TABLE } from '../../lib/tables/candlesTable.ts'
import { TICKS_TABLE } from '../../lib/tables/ticksTable.ts'
import { BenchFailed } from '../until.ts'
import { SimulatedClock } from './clock.ts'
import { TableExtent } from './extent.ts'
import { Feed } from './feed.ts'
import { HeldReaders } from './heldReaders.ts'
import type { SoakOptions } from './options.ts'
import { simulatedStore } from './simulatedStore.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** As `serverless.yml` has it. */
const COMPACTION_EVERY_MINUTES = 5
/** Within the part of a minute that `maintain` works in: so it does not wait. */
const MAINTAIN_AT_MS = 20_000
/** Ticks may be so far ahead of Kafka's clock, which is the real one. */
const AHEAD_MS = 30 * 24 * HOUR_MS

const enoughTime = () => 240_000

/** The pipeline, minute by minute, by a clock that is moved: each step as the function of its name takes it. */
export class Simulation {
  readonly services: Connections
  readonly times = {
    ingest: [] as number[],
    rollup: [] as number[],
    publish: [] as number[],
    compaction: [] as number[],
    orphans: [] as number[],
  }
  /** Files that nobody needed any more. */
  removed = 0
  readonly tables: { readonly candles: TableExtent; readonly stock_ticks: TableExtent }
  readonly readers: HeldReaders
  readonly #options: SoakOptions
  readonly #startMs: number
  readonly #clock: SimulatedClock
  readonly #feed: Feed

  /** Begins with the next minute: the tables are of now, and time does not step back. */
  constructor(connections: Connections, options: SoakOptions) {
    const retentionMs = options.retentionMinutes * MINUTE_MS
    this.#options = options
    this.#startMs = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS
    this.#clock = new SimulatedClock(this.#startMs)
    const openStore = () => simulatedStore(connections.store, this.#clock)
    const limits = { ...connections.settings.limits, maxAheadMs: AHEAD_MS }
    this.services = {
      ...connections,
      store: openStore(),
      nowMs: this.#clock.nowMs,
      settings: { ...connections.settings, limits, retentionMs },
    }
    this.tables = {
      candles: new TableExtent(this.services, CANDLES_TABLE),
      stock_ticks: new TableExtent(this.services, TICKS_TABLE),
    }
    this.readers = new HeldReaders(retentionMs, openStore)
    this.#feed = new Feed(this.services)
  }

  /** One minute: its ticks come in, maintenance has its turn, and when it is over its candles are made and published. */
  async minute(minute: number): Promise<void> {
    const startMs = this.#startMs + minute * MINUTE_MS
    const endMs = startMs + MINUTE_MS
    await this.#takeIn(startMs, startMs + MAINTAIN_AT_MS)
    await this.#maintain(minute)
    await this.#takeIn(startMs + MAINTAIN_AT_MS, endMs)
    this.#clock.set(endMs + this.services.settings.graceMs)
    await timed(this.times.rollup, () => rollupCandles(this.services, UNBOUNDED))
    await timed(this.times.publish, () => publishCandles(this.services, enoughTime))
  }

  /** How far it is, for people. */
  progress(minutes: number): string {
    const last = (times: readonly number[]) => Math.round(times.at(-1) ?? 0)
    const { rollup, ingest, compaction } = this.times
    const took = `rollup ${last(rollup)} ms, ingest ${last(ingest)} ms, compaction ${last(compaction)} ms`
    const { files_end: candles } = this.tables.candles.figures()
    const { files_end: ticks } = this.tables.stock_ticks.figures()
    return `${minutes} minutes: ${took}; files: ${candles} of candles, ${ticks} of ticks`
  }

  /** What the tables are like after so many minutes, their folders too. */
  async lookAtAll(minutes: number): Promise<void> {
    for (const table of Object.values(this.tables)) {
      await table.look(minutes)
      await table.list(minutes)
    }
  }

  async #takeIn(fromMs: number, toMs: number): Promise<void> {
    const stepMs = this.#options.commitEveryS * 1000
    for (let atMs = fromMs + stepMs; atMs <= toMs; atMs += stepMs) {
      this.#clock.set(atMs)
      await timed(this.times.ingest, () => this.#feed.takeIn(atMs - stepMs, atMs))
    }
  }

  async #maintain(minute: number): Promise<void> {
    if (minute % COMPACTION_EVERY_MINUTES === 0) {
      for (const table of Object.values(this.tables)) await table.look(minute)
      await timed(this.times.compaction, () => maintain(this.services, { only: 'compaction' }, enoughTime))
      await this.#hold()
    }
    if (minute % this.#orphansEvery() !== this.#orphansEvery() - 1) return
    for (const table of Object.values(this.tables)) await table.list(minute)
    await timed(this.times.orphans, async () => {
      const swept = await maintain(this.services, { only: 'orphans' }, enoughTime)
      for (const { removed } of Object.values(swept)) this.removed += removed
    })
    const { differing } = await checkCounts(this.services)
    if (differing > 0)
      throw new BenchFailed(`the candles of ${differing} days are not made of all their ticks`)
    await this.readers.readOldest(this.#clock.nowMs())
  }

  /** Hourly; with a shorter retention as often as that. */
  #orphansEvery(): number {
    return Math.min(60, this.#options.retentionMinutes)
  }

  async #hold(): Promise<void> {
    const { catalog, nowMs } = this.services
    for (const ident of [CANDLES_TABLE, TICKS_TABLE]) {
      this.readers.hold(await catalog.loadTable(ident), nowMs())
    }
  }
}

async function timed(timesMs: number[], work: () => Promise<unknown>): Promise<void> {
  const startedMs = performance.now()
  await work()
  timesMs.push(performance.now() - startedMs)
}
