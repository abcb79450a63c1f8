import { z } from 'zod'
import { TickhouseError } from '../errors.ts'
import { type Micros, NEWEST_US, OLDEST_US, parseIsoDateTime } from '../market/time.ts'
import { TIMEFRAMES, type TimeframeName } from '../market/timeframe.ts'
import { NOT_A_MOMENT, withTime } from './request.ts'

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

/** An end of a stretch: a `MOMENT`, but of any year from 0 to 9999. */
const END = z.string().transform((text, context) => {
  const timeUs = parseIsoDateTime(withTime(withPlus(text)))
  if (timeUs !== undefined) return timeUs
  context.addIssue(NOT_A_MOMENT)
  return z.NEVER
})

/** Restores the plus sign of a zone (`+02:00`): in a URL, one that is not escaped means a space. */
function withPlus(text: string): string {
  return text.replace(/ (?=\d\d:?\d\d$)/, '+')
}

/** Moves an end into the years of candles: no candle begins outside them. */
function clamped(timeUs: number): Micros {
  return Math.min(Math.max(timeUs, OLDEST_US), NEWEST_US)
}

const QUERY = z
  .strictObject(
    {
      source: NAME,
      symbol: NAME,
      timeframe: z.enum(TIMEFRAME_NAMES, `must be one of ${TIMEFRAME_NAMES.join(', ')}`),
      from: END.optional(),
      to: END.optional(),
      limit: z
        .string()
        .regex(/^\d{1,9}$/, 'must be a whole number')
        .transform(Number)
        .refine(limit => limit >= 1 && limit <= MOST_CANDLES, `must be from 1 to ${MOST_CANDLES}`)
        .default(DEFAULT_LIMIT),
    },
    'the query may have source, symbol, timeframe, from, to and limit, each once',
  )
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['from'],
    message: 'must lie before to',
  })

const PARAMETERS = ['source', 'symbol', 'timeframe', 'from', 'to', 'limit']

/** Reads the query of `GET /candles`. Throws `BadQuery`, which names every parameter that is wrong and what is allowed. */
export function candlesRequest(query: URLSearchParams): CandlesRequest {
  // Any others are refused below, however many there are.
  const twice = PARAMETERS.filter(name => query.getAll(name).length > 1)
  if (twice.length > 0) throw new BadQuery(`${twice.join(' and ')} may be given once only`)
  const parsed = QUERY.safeParse(Object.fromEntries(query))
  if (!parsed.success) throw new BadQuery(parsed.error.issues.map(inWords).join('; '))
  const { from, to, ...rest } = parsed.data
  return {
    ...rest,
    fromUs: from === undefined ? undefined : clamped(from),
    toUs: to === undefined ? undefined : clamped(to),
  }
}

function inWords({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `the parameter ${path.join('.')} ${message}`
}

/** Says what is wrong with the query of a URL. */
export class BadQuery extends TickhouseError {
  constructor(message: string) {
    super('BAD_REQUEST', message)
  }
}
