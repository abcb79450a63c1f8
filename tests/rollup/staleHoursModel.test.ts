import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HourSet } from '../../lib/market/hours.ts'
import { mergeRanges, type TimeRange } from '../../lib/market/range.ts'
import { MINUTE_US, type Micros } from '../../lib/market/time.ts'
import { bucketEnd, bucketStart, timeframeOf } from '../../lib/market/timeframe.ts'
import { chooseHours } from '../../lib/rollup/backlogRound.ts'
import { dividedBy, narrowestWindow, widestWindow } from '../../lib/rollup/liveWindow.ts'
import { clear, closedBy, hoursToDo, markDamaged, markLeft, owe } from '../../lib/rollup/staleHours.ts'
import { NOTHING_STALE, type StaleHours } from '../../lib/tables/candlesState.ts'

/** Minutes are counted from here: a Saturday before a month's end, so that every kind of bucket ends within a day. */
const START_US = Date.parse('2026-01-31T00:00:00Z') * 1000
const TIMEFRAMES = ['m1', 'm5', 'h1', 'h4', 'D1', 'W1', 'M1'].map(timeframeOf)

const NOTHING = { flooded: HourSet.EMPTY, failed: HourSet.EMPTY }

type Minute = number
/** A timeframe's name and the start of one of its buckets. */
type Bucket = `${string} ${Micros}`
const bucketKey = (bucket: Bucket) => {
  const [timeframe, startUs] = bucket.split(' ') as [string, string]
  return { timeframe, dateTimeUs: Number(startUs) }
}
const rangeOf = (bucket: Bucket): TimeRange => {
  const { timeframe, dateTimeUs } = bucketKey(bucket)
  return { fromUs: dateTimeUs, toUs: bucketEnd(timeframeOf(timeframe), dateTimeUs) }
}
const minuteUs = (minute: Minute): Micros => START_US + minute * MINUTE_US
const rangesOf = (minutes: Iterable<Minute>): TimeRange[] =>
  mergeRanges([...minutes].map(minute => ({ fromUs: minuteUs(minute), toUs: minuteUs(minute + 1) })))
const holds = ({ fromUs, toUs }: TimeRange, minute: Minute) =>
  fromUs < minuteUs(minute + 1) && minuteUs(minute) < toUs

/** What may happen. Minutes are relative to the clock. */
type Event =
  /** Ticks come, which no rollup has seen yet. */
  | { readonly kind: 'ticks'; readonly ago: readonly number[] }
  /** A live round; `bounds` are further minutes that it must take for touched. */
  | {
      readonly kind: 'live'
      readonly narrow: number
      readonly bounds: readonly number[]
      readonly closes: boolean
    }
  /** A round of the backlog of so many hours. */
  | { readonly kind: 'backlog'; readonly most: number }
  /** Another engine spoils minutes, and their hours are marked; or somebody marks hours for nothing. */
  | { readonly kind: 'damage'; readonly ago: readonly number[] }
  /** The clock moves on, or steps. */
  | { readonly kind: 'clock'; readonly minutes: number }

const ago = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 5 }) },
  { weight: 3, arbitrary: fc.integer({ min: -200, max: 200 }) },
  { weight: 1, arbitrary: fc.integer({ min: -2_000, max: 4_000 }) },
)
const some = fc.array(ago, { maxLength: 4 })
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: some.map(ago => ({ kind: 'ticks' as const, ago })) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('live' as const),
      narrow: fc.constantFrom(0, 0, 0, 40, 15, 6, 3),
      bounds: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: some }),
      closes: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.constantFrom(1, 2, 24, 500).map(most => ({ kind: 'backlog' as const, most })) },
  { weight: 1, arbitrary: some.map(ago => ({ kind: 'damage' as const, ago })) },
  {
    weight: 4,
    arbitrary: fc
      .oneof(
        { weight: 6, arbitrary: fc.constantFrom(1, 1, 1, 7, 61) },
        { weight: 2, arbitrary: fc.integer({ min: -300, max: 300 }) },
        { weight: 1, arbitrary: fc.constantFrom(-3_000, 3_000) },
      )
      .map(minutes => ({ kind: 'clock' as const, minutes })),
  },
)

/** Knows of every minute whether its candles are as the ticks below the vector say, and of every bucket what it waits for. */
class Model {
  now: Minute = 720
  hours: StaleHours = NOTHING_STALE
  closedUntilUs: Micros = minuteUs(720)
  /** Minutes of ticks above the vector. */
  readonly #unseen = new Set<Minute>()
  /** Minutes that are not as the ticks below the vector say. */
  readonly wrong = new Set<Minute>()
  /** Of buckets that have come due: which of their minutes were wrong then, and have been ever since. */
  readonly wrongSinceDue = new Map<Bucket, Set<Minute>>()
  /**
   * Of buckets that have come due and wait: which of their hours were stale then, and have been ever since, and those that
   * somebody damages while they wait.
   */
  readonly staleSinceDue = new Map<Bucket, HourSet>()
  /** Buckets whose last such hour was done by the newest event. */
  ready: Bucket[] = []

  happen(event: Event): void {
    this.ready = []
    if (event.kind === 'ticks') for (const ago of event.ago) this.#unseen.add(this.now - ago)
    else if (event.kind === 'live') this.#live(event)
    else if (event.kind === 'backlog') this.#backlog(event)
    else if (event.kind === 'damage') this.#damage(event)
    else this.now = Math.max(0, this.now + event.minutes)
  }

  get #nowUs(): Micros {
    return minuteUs(this.now) + 500_000
  }

  #live({ narrow, bounds, closes }: Extract<Event, { kind: 'live' }>): void {
    const touched = new Set([...this.#unseen, ...bounds.map(ago => this.now - ago)])
    const { inside, left, window } = dividedBy(this.#window(narrow), rangesOf(touched))
    for (const minute of touched) {
      if (inside.some(range => holds(range, minute))) this.#setRight(minute)
      else if (this.#unseen.has(minute)) this.wrong.add(minute)
    }
    this.#unseen.clear()
    const marked = markLeft(this.hours, { left, window, nowUs: this.#nowUs })
    const dueUs = closes ? Math.max(this.closedUntilUs, minuteUs(this.now)) : this.closedUntilUs
    this.#noteWaiting(marked, dueUs)
    this.hours = owe(marked, this.closedUntilUs, dueUs)
    this.closedUntilUs = dueUs
  }

  #window(narrow: number): TimeRange {
    if (narrow === 0) return widestWindow(this.#nowUs)
    if (narrow === 3) return narrowestWindow(this.#nowUs)
    return { ...widestWindow(this.#nowUs), fromUs: minuteUs(this.now - narrow) }
  }

  /** Notes of every bucket over a stale hour that comes due now what it waits for. */
  #noteWaiting({ stale }: StaleHours, dueUs: Micros): void {
    for (const minute of this.wrong) {
      for (const [bucket] of this.#comingDue(minuteUs(minute), minuteUs(minute + 1), dueUs)) {
        this.wrongSinceDue.set(bucket, (this.wrongSinceDue.get(bucket) ?? new Set()).add(minute))
      }
    }
    for (const { fromUs, toUs } of stale.ranges()) {
      for (const [bucket, range] of this.#comingDue(fromUs, toUs, dueUs)) {
        this.staleSinceDue.set(bucket, stale.within([range]))
      }
    }
  }

  /** The buckets over a stretch that come due now. */
  *#comingDue(fromUs: Micros, toUs: Micros, dueUs: Micros): Generator<[Bucket, TimeRange]> {
    for (const timeframe of TIMEFRAMES) {
      let startUs = bucketStart(timeframe, fromUs)
      for (let endUs = bucketEnd(timeframe, startUs); startUs < toUs; endUs = bucketEnd(timeframe, startUs)) {
        if (endUs > this.closedUntilUs && endUs <= dueUs)
          yield [`${timeframe.name} ${startUs}`, { fromUs: startUs, toUs: endUs }]
        startUs = endUs
      }
    }
  }

  #backlog({ most }: Extract<Event, { kind: 'backlog' }>): void {
    const hours = hoursToDo(this.hours, NOTHING, this.#nowUs)
    const done = chooseHours(hours, most)
    for (const minute of [...this.wrong]) {
      if (done.touches(minuteUs(minute), minuteUs(minute + 1))) this.#setRight(minute)
    }
    for (const [bucket, stale] of this.staleSinceDue) {
      const left = stale.minus(done)
      this.staleSinceDue.set(bucket, left)
      if (left.isEmpty) this.ready.push(bucket)
    }
    for (const bucket of this.ready) this.staleSinceDue.delete(bucket)
    this.hours = clear(hours, done, this.#nowUs)
  }

  #damage({ ago }: Extract<Event, { kind: 'damage' }>): void {
    const minutes = ago.map(each => this.now - each)
    const damaged = HourSet.touching(rangesOf(minutes))
    for (const minute of minutes) this.wrong.add(minute)
    for (const [bucket, waitsFor] of this.staleSinceDue) {
      this.staleSinceDue.set(bucket, waitsFor.union(damaged.within([rangeOf(bucket)])))
    }
    this.hours = markDamaged(this.hours, damaged, this.#nowUs)
  }

  #setRight(minute: Minute): void {
    this.wrong.delete(minute)
    for (const minutes of this.wrongSinceDue.values()) minutes.delete(minute)
  }
}

function play(events: readonly Event[], check: (model: Model) => void): void {
  const model = new Model()
  for (const event of events) {
    model.happen(event)
    check(model)
  }
}
const lives = fc.array(event, { minLength: 1, maxLength: 40, size: 'max' })
const RUNS = { numRuns: 2_000 }

describe('whatever comes, in whatever order', () => {
  test('every minute that is wrong lies in a stale hour, and not in the exact stretch', () => {
    fc.assert(
      fc.property(lives, events => {
        play(events, ({ wrong, hours: { stale, exact } }) => {
          for (const minute of wrong) {
            expect(stale.touches(minuteUs(minute), minuteUs(minute + 1))).toBe(true)
            expect(holds(exact, minute)).toBe(false)
          }
        })
      }),
      RUNS,
    )
  })

  test('hours that are owed, damaged, or of the sweep are stale', () => {
    fc.assert(
      fc.property(lives, events => {
        play(events, ({ hours: { stale, owed, damaged, sweep } }) => {
          for (const some of [owed, damaged, sweep]) expect(some.minus(stale).isEmpty).toBe(true)
        })
      }),
      RUNS,
    )
  })

  test('no candle closes while a minute of it is wrong that was so when it came due', () => {
    fc.assert(
      fc.property(lives, events => {
        play(events, ({ wrongSinceDue, hours, closedUntilUs }) => {
          const isClosed = closedBy(hours, closedUntilUs)
          for (const [bucket, minutes] of wrongSinceDue) {
            if (minutes.size > 0) expect(isClosed(bucketKey(bucket))).toBe(false)
          }
        })
      }),
      RUNS,
    )
  })

  test('no candle closes over a damaged hour', () => {
    fc.assert(
      fc.property(lives, events => {
        play(events, ({ hours, closedUntilUs }) => {
          const isClosed = closedBy(hours, closedUntilUs)
          for (const timeframe of TIMEFRAMES) {
            for (const { fromUs } of hours.damaged.ranges()) {
              const dateTimeUs = bucketStart(timeframe, fromUs)
              expect(isClosed({ timeframe: timeframe.name, dateTimeUs })).toBe(false)
            }
          }
        })
      }),
      RUNS,
    )
  })

  test('a candle closes with the last of the hours that were stale when it came due or damaged since, whatever else was marked', () => {
    fc.assert(
      fc.property(lives, events => {
        play(events, ({ ready, hours, closedUntilUs }) => {
          const isClosed = closedBy(hours, closedUntilUs)
          for (const bucket of ready) expect(isClosed(bucketKey(bucket))).toBe(true)
        })
      }),
      RUNS,
    )
  })

  test('all candles that are due close once the backlog is done, which it is in 400 rounds', () => {
    fc.assert(
      fc.property(lives, events => {
        const model = new Model()
        for (const event of events) model.happen(event)
        model.happen({ kind: 'live', narrow: 0, bounds: [], closes: true })
        for (let i = 0; !model.hours.stale.isEmpty; i++) {
          expect(i).toBeLessThan(400)
          model.happen({ kind: 'clock', minutes: 6 })
          model.happen({ kind: 'backlog', most: 24 })
        }
        model.happen({ kind: 'live', narrow: 0, bounds: [], closes: true })
        const isClosed = closedBy(model.hours, model.closedUntilUs)
        for (const timeframe of TIMEFRAMES) {
          for (let minute = 0; minute < model.now; minute += 17) {
            const dateTimeUs = bucketStart(timeframe, minuteUs(minute))
            const isDue = bucketEnd(timeframe, dateTimeUs) <= model.closedUntilUs
            expect(isClosed({ timeframe: timeframe.name, dateTimeUs })).toBe(isDue)
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})
