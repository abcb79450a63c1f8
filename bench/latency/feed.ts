import { setTimeout as sleep } from 'node:timers/promises'
import { fakeInstruments, fakeRecord, receiveDelayMs } from '../../lib/produce/fakeTicks.ts'
import { SEED } from '../history/spec.ts'
import type { BenchWorld } from '../world.ts'

export const SYMBOLS = 20

/** Where a feed begins, and where its ticks lie. */
interface FeedPlace {
  /** Of the first second; the next one that begins unless said. Seconds that are over are sent at once. */
  readonly fromMs?: number
  /** Of the topic; chosen by the key unless said. */
  readonly partition?: number
}

/** A tick a second of each symbol, spread over the second, sent 0.3–0.4 s after its `dateTime`. */
export class Feed {
  /** How much later than that a tick was sent at most: the machine was busy. */
  lateMs = 0
  readonly #world: BenchWorld
  readonly #place: FeedPlace
  readonly #feeding: Promise<void>
  #isOn = true

  constructor(world: BenchWorld, place: FeedPlace = {}) {
    this.#world = world
    this.#place = place
    this.#feeding = this.#feed()
    this.#feeding.catch(() => undefined)
  }

  /** Ends it with a whole second; throws what sending threw. */
  async stop(): Promise<void> {
    this.#isOn = false
    await this.#feeding
  }

  async #feed(): Promise<void> {
    const { topicWriter, settings } = this.#world.services
    const { fromMs = Math.ceil(Date.now() / 1000) * 1000, partition } = this.#place
    const place = partition === undefined ? {} : { partition }
    const instruments = fakeInstruments(SEED, SYMBOLS)
      .map((instrument, i) => ({ instrument, phaseMs: (i * 1000) / SYMBOLS }))
      .map(one => ({ ...one, dueMs: one.phaseMs + receiveDelayMs(one.instrument) }))
      .sort((a, b) => a.dueMs - b.dueMs)
    for (let secondMs = fromMs; this.#isOn; secondMs += 1000) {
      for (const { instrument, phaseMs, dueMs } of instruments) {
        await sleep(Math.max(0, secondMs + dueMs - Date.now()))
        this.lateMs = Math.max(this.lateMs, Date.now() - (secondMs + dueMs))
        const record = fakeRecord(settings.ticksTopic, instrument, (secondMs + phaseMs) * 1000)
        await topicWriter.send([{ ...record, ...place }])
      }
    }
  }
}
