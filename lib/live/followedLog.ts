import { createHash } from 'node:crypto'
import type { SymbolOfSource } from '../market/candle.ts'
import { type SymbolKey, symbolKey } from '../market/candleBook.ts'
import type { TimeRange } from '../market/range.ts'
import { decodeTick } from '../market/tick.ts'
import { floorTo, MINUTE_US, type Micros } from '../market/time.ts'
import type { LogPiece } from '../ports.ts'
import type { Settings } from '../services.ts'
import type { CandlesState } from '../tables/candlesState.ts'
import { covers, nextOffset, type OffsetVector, topicIdOf } from '../tables/offsetVector.ts'
import type { LiveMinute } from './liveLook.ts'
import { type PlacedPrice, withTick } from './minuteFold.ts'
import { OpenMinutes } from './openMinutes.ts'
import { WaitingTicks } from './waitingTicks.ts'

/** How long closed minutes are kept: most late ticks come within this time. */
const KEPT_CLOSED_US = 5 * MINUTE_US

/** The place at which reading begins. */
export interface Beginning {
  readonly state: Pick<CandlesState, 'vector' | 'closedUntilUs'>
  /** Undefined where Kafka has no ids. */
  readonly topicId: string | undefined
  /** The first offset to be read, by partition; at most the vector's. */
  readonly from: ReadonlyMap<number, number>
}

interface OfSymbol {
  readonly minutes: readonly LiveMinute[]
  readonly version: string
}

/**
 * The ticks topic as far as it was read. Each minute has two candles: that of the ticks below the candles' vector, and that of
 * all ticks. Reading may begin in the middle of a minute. The first candle equals the stored one only if no tick is missing:
 * then the second is exact.
 */
export class FollowedLog {
  readonly topicId: string | undefined
  readonly #settings: Pick<Settings, 'limits' | 'price'>
  readonly #positions: Map<number, number>
  readonly #waiting = new Map<number, WaitingTicks>()
  readonly #minutes = new OpenMinutes()
  readonly #looks = new Map<SymbolKey, OfSymbol>()
  #vector: OffsetVector
  /** The end of the rollup's live window: later minutes are not shown yet. */
  #toUs: Micros = Number.NEGATIVE_INFINITY
  #droppedSinceMs: number | undefined

  constructor(settings: Pick<Settings, 'limits' | 'price'>, { state, topicId, from }: Beginning) {
    this.#settings = settings
    this.topicId = topicId
    this.#positions = new Map(from)
    this.#vector = state.vector
    this.#minutes.dropBefore(state.closedUntilUs - KEPT_CLOSED_US)
  }

  /** The next offset to be read, by partition. */
  get positions(): ReadonlyMap<number, number> {
    return this.#positions
  }

  /** Counts of the ticks and minutes in memory. */
  get sizes(): { readonly ticks: number; readonly minutes: number } {
    const ticks = [...this.#waiting.values()].reduce((sum, { size }) => sum + size, 0)
    return { ticks, minutes: this.#minutes.size }
  }

  /** Kafka's timestamp of the oldest uncommitted tick whose minute was dropped; undefined when there is none. */
  get droppedSinceMs(): number | undefined {
    return this.#droppedSinceMs
  }

  /** Moves to the rollup's live window of now: earlier minutes are dropped, later ones are kept and not shown yet. */
  moveTo({ fromUs, toUs }: TimeRange): void {
    if (toUs === this.#toUs) return
    this.#toUs = toUs
    this.#minutes.dropBefore(fromUs)
    this.#markWaiting()
  }

  /** Takes in the next piece of a partition. Ticks of dropped minutes are left out: they are late. */
  take({ partition, records, next }: LogPiece): void {
    const { limits, price } = this.#settings
    const below = nextOffset(this.#vector, partition)
    const waiting = this.#waiting.get(partition) ?? new WaitingTicks(partition)
    this.#waiting.set(partition, waiting)
    for (const { value, offset, timestampMs } of records) {
      const tick = decodeTick(value, timestampMs, limits)
      if (typeof tick === 'string') continue
      const { dateTimeUs, number } = tick
      // Turns -0 into 0, as `trino/sql/minutes.sql` does.
      const placed: PlacedPrice = { price: tick[price] + 0, dateTimeUs, number, partition, offset }
      const startUs = floorTo(dateTimeUs, MINUTE_US)
      if (startUs < this.#minutes.beginUs) continue
      const minute = this.#minutes.at(tick, startUs)
      minute.all = withTick(minute.all, placed)
      if (offset < below) minute.below = withTick(minute.below, placed)
      else waiting.add(minute, placed, timestampMs)
    }
    if (records.length > 0) this.#looks.clear()
    this.#positions.set(partition, next)
  }

  /** Moves to a newer state of the candles. False where its candles are made of another log: then this one is of no use. */
  advance({ vector, closedUntilUs }: Pick<CandlesState, 'vector' | 'closedUntilUs'>): boolean {
    if (vector === this.#vector) return true
    const readId = topicIdOf(vector)
    const isOther = readId !== undefined && this.topicId !== undefined && readId !== this.topicId
    if (isOther || vector.epoch !== this.#vector.epoch || !covers(vector, this.#vector)) return false
    this.#vector = vector
    for (const [partition, waiting] of this.#waiting) waiting.takeBelow(nextOffset(vector, partition))
    this.#minutes.dropBefore(closedUntilUs - KEPT_CLOSED_US)
    this.#markWaiting()
    return true
  }

  #markWaiting(): void {
    const times = [...this.#waiting.values()].flatMap(waiting => waiting.markMinutes() ?? [])
    this.#droppedSinceMs = times.length === 0 ? undefined : Math.min(...times)
    this.#looks.clear()
  }

  /** The symbol's minutes with uncommitted ticks, and a digest of them. */
  of(symbol: SymbolOfSource): OfSymbol {
    const key = symbolKey(symbol)
    const known = this.#looks.get(key)
    if (known !== undefined) return known
    const minutes = this.#minutes.of(symbol).flatMap(({ startUs, below, all, sinceMs }): LiveMinute[] => {
      if (all === undefined || sinceMs === undefined || startUs >= this.#toUs) return []
      return [{ dateTimeUs: startUs, below: below?.values, all: all.values, sinceUs: sinceMs * 1000 }]
    })
    const contents = JSON.stringify([minutes, this.droppedSinceMs])
    const version = createHash('sha256').update(contents).digest('base64url').slice(0, 16)
    const found = { minutes, version }
    this.#looks.set(key, found)
    return found
  }
}
