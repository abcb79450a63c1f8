import type { Query, QueryOptions } from '../../../lib/ports.ts'
import { QueryFailed, QueryTimedOut, TrinoUnavailable } from '../../../lib/trino/errors.ts'
import { type MinuteStatement, readMinuteStatement } from '../../support/minuteStatements.ts'
import type { VirtualTime } from './virtualTime.ts'

/** How Trino is at present; sizes are in minutes of the statement's stretches, by the share of the symbols that it asks for. */
export interface TrinoMood {
  readonly msPerMinute: number
  /** More are too much for its memory. */
  readonly maxMinutes: number
  /** More have too many rows that differ. */
  readonly maxDiffering: number
  /** One hour in this many cannot be read; 0 for none. */
  readonly badHours: number
  readonly isAway: boolean
}

export const WELL: TrinoMood = {
  msPerMinute: 0,
  maxMinutes: Number.POSITIVE_INFINITY,
  maxDiffering: Number.POSITIVE_INFINITY,
  badHours: 0,
  isAway: false,
}

/** The connection's own limit. */
const LONGEST_MS = 60_000
const PLANNING_MS = 40
/** As many rows as the rollup asks for at most: then it knows that there are more. */
const TOO_MANY_ROWS = { symbol: 'too many', source: 'too many', start_seconds: 0, volume: null }

/** Trino in the mood that `moodOf` tells: a statement takes its time, and fails where it is too much. */
export function moody(query: Query, time: VirtualTime, moodOf: () => TrinoMood): Query {
  return {
    async rows<Row>(sql: string, { timeoutMs = LONGEST_MS }: QueryOptions = {}): Promise<Row[]> {
      const { isAway, msPerMinute, maxMinutes, maxDiffering, badHours } = moodOf()
      if (isAway) throw new TrinoUnavailable('memory', 'it is away')
      const statement = readMinuteStatement(sql)
      const minutes = sizeOf(statement)
      const tookMs = PLANNING_MS + minutes * msPerMinute
      time.pass(Math.min(tookMs, timeoutMs))
      if (tookMs > timeoutMs) throw new QueryTimedOut('memory', timeoutMs)
      if (minutes > maxMinutes) throw tooLarge()
      if (statement.compared && isBad(statement, badHours)) throw unreadable()
      if (statement.compared && minutes > maxDiffering)
        return Array(statement.compared.limit).fill(TOO_MANY_ROWS) as Row[]
      return query.rows(sql)
    },
  }
}

function sizeOf({ stretches, compared }: MinuteStatement): number {
  const seconds = stretches.reduce((sum, { fromSeconds, toSeconds }) => sum + toSeconds - fromSeconds, 0)
  return seconds / 60 / (Number(compared?.share.mask ?? 0n) + 1)
}

function isBad({ stretches }: MinuteStatement, badHours: number): boolean {
  return stretches.some(({ fromSeconds, toSeconds }) => {
    const next = Math.ceil(fromSeconds / 3_600 / badHours) * badHours
    return next * 3_600 < toSeconds
  })
}

function unreadable(): QueryFailed {
  const message = 'Error opening Iceberg split'
  return new QueryFailed('memory', {
    message,
    errorName: 'ICEBERG_CANNOT_OPEN_SPLIT',
    errorType: 'EXTERNAL',
  })
}

function tooLarge(): QueryFailed {
  const message = 'Query exceeded per-node memory limit'
  return new QueryFailed('memory', {
    message,
    errorName: 'EXCEEDED_LOCAL_MEMORY_LIMIT',
    errorType: 'INSUFFICIENT_RESOURCES',
  })
}
