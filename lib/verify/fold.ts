import { MINUTES } from './calendar.ts'

/** What the ticks of one bucket say. */
export interface Bucket {
  readonly startUs: number
  open: number
  high: number
  low: number
  close: number
  volume: number
}

/** Where a tick stands among others: time, number, and the place on Kafka. */
export interface TickPlace {
  readonly dateTimeUs: number
  readonly number: bigint
  readonly epoch: number
  readonly partition: number
  readonly offset: number
}

interface Minute extends Bucket {
  first: TickPlace
  last: TickPlace
}

/** The minutes of one symbol, from its ticks in whatever order they come. */
export class MinuteFold {
  readonly #minutes = new Map<number, Minute>()

  /** A negative zero counts as zero: which of the two an extreme is would depend on the order of the ticks. */
  add(place: TickPlace, paid: number): void {
    const price = paid + 0
    const startUs = MINUTES.start(place.dateTimeUs)
    const minute = this.#minutes.get(startUs)
    if (minute === undefined) {
      const prices = { open: price, high: price, low: price, close: price, volume: 1 }
      this.#minutes.set(startUs, { startUs, ...prices, first: place, last: place })
      return
    }
    minute.volume += 1
    if (price > minute.high) minute.high = price
    if (price < minute.low) minute.low = price
    if (comesBefore(place, minute.first)) {
      minute.first = place
      minute.open = price
    }
    if (comesBefore(minute.last, place)) {
      minute.last = place
      minute.close = price
    }
  }

  get count(): number {
    return this.#minutes.size
  }

  /** The minutes that have ticks, in the order of time. */
  inOrder(): Bucket[] {
    return [...this.#minutes.values()].sort((a, b) => a.startUs - b.startUs)
  }
}

function comesBefore(a: TickPlace, b: TickPlace): boolean {
  if (a.dateTimeUs !== b.dateTimeUs) return a.dateTimeUs < b.dateTimeUs
  if (a.number !== b.number) return a.number < b.number
  if (a.epoch !== b.epoch) return a.epoch < b.epoch
  if (a.partition !== b.partition) return a.partition < b.partition
  return a.offset < b.offset
}

/** Puts buckets together to longer ones; both are in the order of time. `start` tells where the longer one begins. */
export function foldUp(buckets: readonly Bucket[], start: (timeUs: number) => number): Bucket[] {
  const longer: Bucket[] = []
  for (const bucket of buckets) {
    const startUs = start(bucket.startUs)
    const last = longer.at(-1)
    if (last?.startUs === startUs) extend(last, bucket)
    else longer.push({ ...valuesOf(bucket), startUs })
  }
  return longer
}

/** Adds what came later to a bucket. */
export function extend(bucket: Bucket, later: Bucket): void {
  bucket.high = Math.max(bucket.high, later.high)
  bucket.low = Math.min(bucket.low, later.low)
  bucket.close = later.close
  bucket.volume += later.volume
}

function valuesOf({ open, high, low, close, volume }: Bucket): Omit<Bucket, 'startUs'> {
  return { open, high, low, close, volume }
}
