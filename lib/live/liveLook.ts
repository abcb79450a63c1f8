import type { CandleKey, CandleValues } from '../market/candle.ts'
import type { Micros } from '../market/time.ts'
import type { CandlesState } from '../tables/candlesState.ts'

/** Whose ticks. */
export type SymbolOf = Pick<CandleKey, 'source' | 'symbol'>

/** A minute of which the log has ticks that no stored candle has. */
export interface LiveMinute {
  readonly dateTimeUs: Micros
  /** Of those of its ticks that candles have: the stored row, if the log still has them all. Undefined where there are none. */
  readonly below: CandleValues | undefined
  readonly all: CandleValues
  /** Kafka's timestamp of the oldest tick that no stored candle has. */
  readonly sinceUs: Micros
}

/** What the ticks on Kafka's log say beyond the candles of one commit. */
export interface LiveLook {
  /** The log was read to its end at this moment or later. */
  readonly asOfUs: Micros
  /**
   * Kafka's timestamp of the oldest tick, of any symbol, that candles do not have and that came in time, but is shown no more,
   * as the rollup stands still for an hour or longer; undefined when there is none.
   */
  readonly droppedSinceUs: Micros | undefined
  /** Oldest first. */
  minutes(of: SymbolOf): readonly LiveMinute[]
  /** Another text whenever `minutes` or `droppedSinceUs` are others; the same in each process that has read as far. */
  versionOf(of: SymbolOf): string
}

/** What comes to the ticks topic. */
export interface LiveTicks {
  /**
   * Never older than a second. Undefined where it is not to be had within 200 ms: the reading goes on, and the next look
   * may have it. Never throws.
   */
  look(state: CandlesState): Promise<LiveLook | undefined>
}
