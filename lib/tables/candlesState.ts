import { z } from 'zod'
import { copiedSummary } from '../iceberg/summaryCopy.ts'
import type { Table } from '../iceberg/table.ts'
import { type Hour, HourSet } from '../market/hours.ts'
import type { TimeRange } from '../market/range.ts'
import type { Micros } from '../market/time.ts'
import { type KindCounts, STORED_KINDS } from './foreignChanges.ts'
import { newestOwn, ownSummary, readNewestState } from './layout.ts'
import { EMPTY_VECTOR, type OffsetVector, STORED_VECTOR, storeVector } from './offsetVector.ts'
import { STORED_HOURS, storeHours } from './storedHours.ts'

/** Candles that end by `dueUs` may close once the table covers `ends`: Kafka's end offsets when the grace was over. */
export interface PendingClose {
  readonly dueUs: Micros
  readonly ends: OffsetVector
}

/**
 * Which hours (UTC) may be behind. Outside them, every candle of the table equals its recomputation from the ticks below
 * the vector. An hour too many costs time and is never wrong; one that is missing is.
 */
export interface StaleHours {
  readonly stale: HourSet
  /** Of the stale hours, those that a due close waits for. */
  readonly owed: HourSet
  /** Of the stale hours, those whose stored candles of every timeframe may be wrong, and not merely behind. */
  readonly damaged: HourSet
  /** Of the stale hours, those that the present sweep has yet to do; the others wait for the next one. */
  readonly sweep: HourSet
  /** When the present or the newest sweep began; 0 before the first. */
  readonly sweepBeganUs: Micros
  /** No sweep begins before this moment. */
  readonly restUntilUs: Micros
  /** Since when there have been stale hours without a break; 0 while there are none. */
  readonly staleSinceUs: Micros
  /** Minutes that are right at the vector, whatever `stale` says of their hour. */
  readonly exact: TimeRange
  /** A stale hour that is being done in shares of all symbols. */
  readonly partly?: PartlyDone | undefined
}

/** The first `done` of `count` shares of an hour. */
export interface PartlyDone {
  readonly hour: Hour
  readonly count: number
  readonly done: number
  /** True when ticks have come into the hour since the first of them was begun. */
  readonly isBehind: boolean
}

/** Where every hour is right. */
export const NOTHING_STALE: StaleHours = {
  stale: HourSet.EMPTY,
  owed: HourSet.EMPTY,
  damaged: HourSet.EMPTY,
  sweep: HourSet.EMPTY,
  sweepBeganUs: 0,
  restUntilUs: 0,
  staleSinceUs: 0,
  exact: { fromUs: 0, toUs: 0 },
}

/** What every snapshot of `market_data.candles` that tickhouse commits says in its summary. */
export interface CandlesState {
  /** The ticks that the candles are made of: those of this table below this vector. */
  readonly ticksUuid: string
  readonly vector: OffsetVector
  /** Files of the ticks table, and changes of others to it, are known up to this sequence number. */
  readonly ticksSequence: number
  /** Changes of others to the candles are known up to this sequence number: that of the commit with this state. */
  readonly candlesSequence: number
  /**
   * Hours whose ticks were deleted as the oldest of all, and whose candles stay as they are: nothing of them is computed or
   * removed, so none of them is stale.
   */
  readonly held: HourSet
  /** How often other engines have changed each table, by kind. */
  readonly foreign: Readonly<Record<'stock_ticks' | 'candles', KindCounts>>
  readonly hours: StaleHours
  /** Candles that end by this moment are closed, unless they wait for an owed hour. */
  readonly closedUntilUs: Micros
  /** The newest `updated_at` that was ever given out; the next one is later. */
  readonly stampUs: Micros
  /** Candles that change get revisions above it: those of a table before, or of a version rolled back, may go up to it. */
  readonly revisionFloor: number
  /** Closes that wait for ticks, the earliest first; few. */
  readonly pending: readonly PendingClose[]
  /** How long the newest live round took, from reading the tables until it was about to commit, milliseconds. */
  readonly roundMs?: number | undefined
  /** Close delay: from the end of the newest closed minute until just before the commit that closed it, milliseconds. */
  readonly delayMs?: number | undefined
}

/** The state of candles before the first tick is read. */
export const NO_CANDLES: Omit<CandlesState, 'ticksUuid'> = {
  vector: EMPTY_VECTOR,
  ticksSequence: 0,
  candlesSequence: 0,
  held: HourSet.EMPTY,
  foreign: { stock_ticks: {}, candles: {} },
  hours: NOTHING_STALE,
  closedUntilUs: 0,
  stampUs: 0,
  revisionFloor: 0,
  pending: [],
}

/** Not the key of earlier versions: they would take this state for theirs, and write it back without the stale hours. */
const STATE_KEY = 'tickhouse.candles'
/** The state of versions that had no stale hours: everything below their vector was in. */
const EARLIER_KEY = 'tickhouse.rollup'

const COMMON_FIELDS = {
  ticksUuid: z.string(),
  vector: STORED_VECTOR,
  ticksSequence: z.int().nonnegative(),
  candlesSequence: z.int().nonnegative().optional(),
  held: STORED_HOURS.default(HourSet.EMPTY),
  foreign: z
    .object({ stock_ticks: STORED_KINDS, candles: STORED_KINDS })
    .default({ stock_ticks: {}, candles: {} }),
  closedUntilUs: z.int(),
  stampUs: z.int(),
  revisionFloor: z.int().nonnegative().default(0),
  pending: z.array(z.object({ dueUs: z.int(), ends: STORED_VECTOR })).default([]),
  roundMs: z.int().nonnegative().optional(),
  delayMs: z.int().nonnegative().optional(),
}

const STORED_STATE = z
  .object({
    ...COMMON_FIELDS,
    hours: z.object({
      stale: STORED_HOURS,
      owed: STORED_HOURS,
      damaged: STORED_HOURS,
      sweep: STORED_HOURS,
      sweepBeganUs: z.int(),
      restUntilUs: z.int(),
      staleSinceUs: z.int(),
      exact: z.object({ fromUs: z.int(), toUs: z.int() }),
      partly: z.object({ hour: z.int(), count: z.int(), done: z.int(), isBehind: z.boolean() }).optional(),
    }),
  })
  .transform(({ hours, ...state }) => ({ ...state, hours: asMeant(hours, state.held) }))

/** Each set is coarsened by itself where it is too long: what it has beyond the stale hours, and these of held ones, was never meant. */
function asMeant(hours: StaleHours, held: HourSet): StaleHours {
  const stale = hours.stale.minus(held)
  const within = (some: HourSet) => some.intersect(stale)
  return {
    ...hours,
    stale,
    owed: within(hours.owed),
    damaged: within(hours.damaged),
    sweep: within(hours.sweep),
  }
}

const EARLIER_STATE = z.object(COMMON_FIELDS).transform(state => ({ ...state, hours: NOTHING_STALE }))

/** The stored form; earlier versions of tickhouse did not record changes of others. */
type StoredState = Omit<CandlesState, 'candlesSequence'> & { readonly candlesSequence?: number | undefined }

/** The state of the newest ancestor that carries one. */
export function candlesState(table: Table): CandlesState {
  const schemas = { [STATE_KEY]: STORED_STATE, [EARLIER_KEY]: EARLIER_STATE }
  const state = readNewestState<StoredState>(table, schemas)
  return { ...state, candlesSequence: state.candlesSequence ?? newestOwn(table) }
}

/**
 * The held hours of the newest state that can still be read, even from the copy of a summary that no longer belongs to the
 * history. None where no state can be read.
 */
export function heldBefore(table: Table): HourSet {
  const texts = [ownSummary(table), copiedSummary(table)].map(summary => summary?.[STATE_KEY])
  for (const text of texts) {
    const parsed = STORED_STATE.safeParse(jsonOf(text))
    if (parsed.success) return parsed.data.held
  }
  return HourSet.EMPTY
}

function jsonOf(text = ''): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The state as properties of a snapshot's summary. */
export function candlesSummary(state: CandlesState): Record<string, string> {
  const { stale, owed, damaged, sweep, ...moments } = state.hours
  const pending = state.pending.map(({ dueUs, ends }) => ({ dueUs, ends: storeVector(ends) }))
  const hours = {
    ...moments,
    stale: storeHours(stale),
    owed: storeHours(owed),
    damaged: storeHours(damaged),
    sweep: storeHours(sweep),
  }
  const [vector, held] = [storeVector(state.vector), storeHours(state.held)]
  return { [STATE_KEY]: JSON.stringify({ ...state, vector, held, pending, hours }) }
}
