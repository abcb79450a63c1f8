import { type PlacedPrice, withTick } from './minuteFold.ts'
import type { OpenMinute } from './openMinutes.ts'

/**
 * The uncommitted ticks of one partition, in the order of their offsets. They are kept as columns: objects would take three
 * times the memory.
 */
export class WaitingTicks {
  readonly #partition: number
  #minute: OpenMinute[] = []
  #price: number[] = []
  #dateTimeUs: number[] = []
  #number: (number | bigint)[] = []
  #offset: number[] = []
  #timestampMs: number[] = []

  constructor(partition: number) {
    this.#partition = partition
  }

  get size(): number {
    return this.#offset.length
  }

  /** Adds the partition's next tick. */
  add(minute: OpenMinute, tick: PlacedPrice, timestampMs: number): void {
    waitSince(minute, timestampMs)
    this.#minute.push(minute)
    this.#price.push(tick.price)
    this.#dateTimeUs.push(tick.dateTimeUs)
    this.#number.push(tick.number)
    this.#offset.push(tick.offset)
    this.#timestampMs.push(timestampMs)
  }

  /** Adds the ticks below the offset to `below` of their minutes: they are committed now. */
  takeBelow(next: number): void {
    let count = 0
    while (count < this.size && this.#offset[count]! < next) this.#take(count++)
    if (count === 0) return
    this.#minute = this.#minute.slice(count)
    this.#price = this.#price.slice(count)
    this.#dateTimeUs = this.#dateTimeUs.slice(count)
    this.#number = this.#number.slice(count)
    this.#offset = this.#offset.slice(count)
    this.#timestampMs = this.#timestampMs.slice(count)
  }

  /**
   * Sets `sinceMs` of the minutes again, after some ticks were committed. Returns Kafka's timestamp of the first tick whose
   * minute was dropped; undefined when there is none.
   */
  markMinutes(): number | undefined {
    let droppedMs: number | undefined
    for (const [i, minute] of this.#minute.entries()) {
      if (minute.isDropped) droppedMs ??= this.#timestampMs[i]!
      else waitSince(minute, this.#timestampMs[i]!)
    }
    return droppedMs
  }

  #take(i: number): void {
    const minute = this.#minute[i]!
    minute.sinceMs = undefined
    minute.below = withTick(minute.below, {
      price: this.#price[i]!,
      dateTimeUs: this.#dateTimeUs[i]!,
      number: this.#number[i]!,
      partition: this.#partition,
      offset: this.#offset[i]!,
    })
  }
}

function waitSince(minute: OpenMinute, timestampMs: number): void {
  if (minute.sinceMs === undefined || timestampMs < minute.sinceMs) minute.sinceMs = timestampMs
}
