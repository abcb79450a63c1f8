import { setTimeout as sleep } from 'node:timers/promises'
import { fakeInstruments, fakeRecord, type Instrument, receiveDelayMs } from '../../lib/produce/fakeTicks.ts'
import { SEED } from '../history/spec.ts'
import type { BenchWorld } from '../world.ts'

export const SYMBOLS = 20

/** The ticks that a feed sends. */
export interface Pace {
  readonly symbols: number
  /** The time between two ticks of a symbol; a minute is a multiple of it. */
  readonly everyMs: number
  /** Ticks that are due within this time go to Kafka in one request; by default each goes by itself. */
  readonly gatherMs?: number
}

export const USUAL_PACE: Pace = { symbols: SYMBOLS, everyMs: 1_000 }

/** The start of a feed, and its ticks. */
interface FeedOptions {
  /** The start of the first second; by default the next second. Seconds that are over are sent at once. */
  readonly fromMs?: number
  /** The partition of the topic; by default chosen by the key. */
  readonly partition?: number
  readonly pace?: Pace
}

/** A tick of a symbol; its times count from the beginning of its round. */
interface DueTick {
  readonly instrument: Instrument
  readonly phaseMs: number
}

/** Ticks of each symbol at one pace, spread evenly over the time, sent 0.3–0.4 s after their `dateTime`. */
export class Feed {
  /** The most that a tick was sent later than that, because the machine was busy. */
  lateMs = 0
  readonly #world: BenchWorld
  readonly #options: FeedOptions
  readonly #feeding: Promise<void>
  #isOn = true

  constructor(world: BenchWorld, options: FeedOptions = {}) {
    this.#world = world
    this.#options = options
    this.#feeding = this.#feed()
    this.#feeding.catch(() => undefined)
  }

  /** Stops once each symbol has had its tick of the round. Throws what sending threw. */
  async stop(): Promise<void> {
    this.#isOn = false
    await this.#feeding
  }

  async #feed(): Promise<void> {
    const { topicWriter, settings } = this.#world.services
    const { partition, pace = USUAL_PACE } = this.#options
    const { fromMs = Math.ceil(Date.now() / pace.everyMs) * pace.everyMs } = this.#options
    const place = partition === undefined ? {} : { partition }
    const requests = requestsOf(pace)
    for (let roundMs = fromMs; this.#isOn; roundMs += pace.everyMs) {
      for (const [dueMs, ticks] of requests) {
        await sleep(Math.max(0, roundMs + dueMs - Date.now()))
        this.lateMs = Math.max(this.lateMs, Date.now() - (roundMs + dueMs))
        const records = ticks.map(({ instrument, phaseMs }) =>
          fakeRecord(settings.ticksTopic, instrument, (roundMs + phaseMs) * 1000),
        )
        await topicWriter.send(records.map(record => ({ ...record, ...place })))
      }
    }
  }
}

/** The ticks of a round, sorted by the time at which they are sent. */
function requestsOf({ symbols, everyMs, gatherMs = 1 }: Pace): [number, DueTick[]][] {
  const ticks = fakeInstruments(SEED, symbols).map((instrument, i) => ({
    instrument,
    phaseMs: Math.floor((i * everyMs) / symbols),
  }))
  const byDueMs = Map.groupBy(
    ticks,
    ({ instrument, phaseMs }) => Math.ceil((phaseMs + receiveDelayMs(instrument)) / gatherMs) * gatherMs,
  )
  return [...byDueMs].sort(([a], [b]) => a - b)
}
