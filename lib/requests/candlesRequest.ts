import { z } from 'zod'
import { TickhouseError } from '../errors.ts'
import type { Micros } from '../market/time.ts'
import { TIMEFRAMES, type TimeframeName } from '../market/timeframe.ts'
import { MOMENT } from './request.ts'

/** The newest `limit` candles of a symbol that begin within the stretch; without ends, of all there are. */
export interface CandlesRequest {
  readonly source: string
  readonly symbol: string
  readonly timeframe: TimeframeName
  /** Included. */
  readonly fromUs: Micros | undefined
  /** Not included. */
  readonly toUs: Micros | undefined
  readonly limit: number
}

const DEFAULT_LIMIT = 500
const MOST_CANDLES = 5_000

const TIMEFRAME_NAMES = TIMEFRAMES.map(({ name }) => name)
const NAME = z.string('is missing').min(1, 'is empty').max(128, 'is longer than any name may be')

const QUERY = z
  .strictObject(
    {
      source: NAME,
      symbol: NAME,
      timeframe: z.enum(TIMEFRAME_NAMES, `must be one of ${TIMEFRAME_NAMES.join(', ')}`),
      from: MOMENT.optional(),
      to: MOMENT.optional(),
      limit: z
        .string()
        .regex(/^\d{1,9}$/, 'must be a whole number')
        .transform(Number)
        .refine(limit => limit >= 1 && limit <= MOST_CANDLES, `must be from 1 to ${MOST_CANDLES}`)
        .default(DEFAULT_LIMIT),
    },
    'only source, symbol, timeframe, from, to and limit may be asked for',
  )
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['from'],
    message: 'must lie before to',
  })

/** Reads the query of `GET /candles`. Throws `BadQuery`, which names every parameter that is wrong and what is allowed. */
export function candlesRequest(query: URLSearchParams): CandlesRequest {
  const twice = [...new Set(query.keys())].filter(name => query.getAll(name).length > 1)
  if (twice.length > 0) throw new BadQuery(`${twice.join(', ')} may be given once`)
  const parsed = QUERY.safeParse(Object.fromEntries(query))
  if (!parsed.success) throw new BadQuery(parsed.error.issues.map(inWords).join('; '))
  const { from: fromUs, to: toUs, ...rest } = parsed.data
  return { ...rest, fromUs, toUs }
}

function inWords({ path, message }: z.core.$ZodIssue): string {
  return [...path, message].join(' ')
}

/** Says what is wrong with the query of a URL. */
export class BadQuery extends TickhouseError {
  constructor(message: string) {
    super('BAD_REQUEST', message)
  }
}
