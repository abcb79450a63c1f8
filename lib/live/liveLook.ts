import type { CandleValues, SymbolOfSource } from '../market/candle.ts'
import type { Micros } from '../market/time.ts'
import type { CandlesState } from '../tables/candlesState.ts'

/** A minute with ticks on Kafka's log that no stored candle has. */
export interface LiveMinute {
  readonly dateTimeUs: Micros
  /**
   * The candle of the ticks below the candles' vector: the stored candle, if the log still has all of them. Undefined where
   * there are none.
   */
  readonly below: CandleValues | undefined
  /** The candle of all ticks. */
  readonly all: CandleValues
  /** Kafka's timestamp of the oldest tick that no stored candle has. */
  readonly sinceUs: Micros
}

/** The ticks of a symbol on Kafka's log that the candles of one commit lack, as of the moment of the look: it never changes. */
export interface LiveLook {
  /** The log was read to its end at this moment or later. */
  readonly asOfUs: Micros
  /**
   * Kafka's timestamp of the oldest tick of any symbol that came in time, is not committed, and is not shown any more: the
   * rollup has stood still for so long that its minute was dropped. Undefined when there is none.
   */
  readonly droppedSinceUs: Micros | undefined
  /** Minutes with uncommitted ticks, oldest first. */
  readonly minutes: readonly LiveMinute[]
  /** A text that changes with `minutes` and `droppedSinceUs`; equal in all processes that have read equally far. */
  readonly version: string
}

/** A follower of the ticks topic. */
export interface LiveTicks {
  /**
   * The uncommitted ticks of at most a second ago. Undefined where they cannot be read within 200 ms: the reading goes on, and
   * the next look may have them. Never throws.
   */
  look(state: CandlesState, of: SymbolOfSource): Promise<LiveLook | undefined>
}
