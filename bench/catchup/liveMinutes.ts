import type { Arrivals } from '../latency/arrivals.ts'
import { type Pace, USUAL_PACE } from '../latency/feed.ts'
import { minuteDelayMs } from '../latency/minuteDelay.ts'
import { percentilesMs } from '../percentile.ts'
import { rounded } from '../table.ts'
import { BenchFailed } from '../until.ts'

export const MINUTE_MS = 60_000
/** A live minute that takes longer has failed. */
export const MAX_DELAY_S = 600

/** Before the first phase: such minutes are told, and not counted. */
const WARM_UP = 'warm-up'

/** A minute whose candles are all on Kafka, and what else went on when it ended. */
export interface LiveMinute {
  readonly phase: string
  readonly minuteMs: number
  readonly delayMs: number
}

/** A stretch of the run, from a moment on until the next one begins. */
interface Phase {
  readonly name: string
  readonly fromMs: number
}

/** Follows the live candles minute by minute: how long after its end each minute is complete on Kafka. */
export class LiveMinutes {
  readonly measured: LiveMinute[] = []
  readonly #arrivals: Pick<Arrivals, 'all'>
  readonly #say: (line: string) => void
  readonly #pace: Pace
  readonly #phases: Phase[] = [{ name: WARM_UP, fromMs: Number.NEGATIVE_INFINITY }]
  #waiting: number[] = []
  #nextMs: number

  /** `firstMs`: the start of the first minute that is followed; `pace`: that of the live ticks. */
  constructor(
    arrivals: Pick<Arrivals, 'all'>,
    firstMs: number,
    say: (line: string) => void,
    pace: Pace = USUAL_PACE,
  ) {
    this.#arrivals = arrivals
    this.#nextMs = firstMs
    this.#say = say
    this.#pace = pace
  }

  /** Minutes that end from now on are counted to this phase. */
  begin(name: string): void {
    this.#phases.push({ name, fromMs: Date.now() })
    this.#say(`-- ${name}`)
  }

  /** Measures the minutes that are complete by now. Throws for one that is not after a long time. */
  look(nowMs = Date.now()): void {
    for (; this.#nextMs + MINUTE_MS <= nowMs; this.#nextMs += MINUTE_MS) this.#waiting.push(this.#nextMs)
    this.#waiting = this.#waiting.filter(minuteMs => !this.#measure(minuteMs, nowMs))
  }

  /** True when all minutes that end by this moment are measured. */
  isMeasuredUntil(endMs: number): boolean {
    return this.#nextMs >= endMs && this.#waiting.length === 0
  }

  #measure(minuteMs: number, nowMs: number): boolean {
    const delayMs = minuteDelayMs(this.#arrivals.all, minuteMs, this.#pace)
    const name = new Date(minuteMs).toISOString().slice(11, 16)
    if (delayMs === undefined) {
      if (nowMs - minuteMs - MINUTE_MS > MAX_DELAY_S * 1000)
        throw new BenchFailed(`not within ${MAX_DELAY_S} s: all candles of ${name} on Kafka`)
      return false
    }
    const phase = this.#phases.findLast(({ fromMs }) => fromMs <= minuteMs + MINUTE_MS)!.name
    this.#say(`${name}  ${delayMs} ms  (${phase})`)
    this.measured.push({ phase, minuteMs, delayMs })
    return true
  }
}

/** The delays of each phase, in the order of the phases. */
export function delaysByPhase(measured: readonly LiveMinute[]) {
  const counted = measured.filter(({ phase }) => phase !== WARM_UP)
  const phases = Map.groupBy(counted, ({ phase }) => phase)
  return Object.fromEntries(
    [...phases].map(([phase, minutes]) => {
      return [phase, { minutes: minutes.length, ...percentilesMs(minutes.map(({ delayMs }) => delayMs)) }]
    }),
  )
}

/** One phase's delays against the usual ones. */
export function againstUsual(measured: readonly LiveMinute[], phase: string, usual: string) {
  const { [phase]: taken, [usual]: base } = delaysByPhase(measured)
  if (taken === undefined || base === undefined) return {}
  return {
    max_later_than_p50_ms: taken.max_ms - base.p50_ms,
    p95_later_ms: taken.p95_ms - base.p95_ms,
    max_ratio: rounded(taken.max_ms / base.max_ms),
    p95_ratio: rounded(taken.p95_ms / base.p95_ms),
  }
}
