import { z } from 'zod'
import { TickhouseError } from '../errors.ts'
import { parseDateTime } from '../market/time.ts'

/** The message for a text that `MOMENT` does not take. */
export const NOT_A_MOMENT =
  'is not an ISO 8601 date, or date and time, such as 2026-01-31 or 2026-01-31T00:00:00Z'

/** Reads an ISO 8601 date and time as microseconds since 1970; a date alone stands for its beginning, UTC. */
export const MOMENT = z.string().transform((text, context) => {
  const timeUs = parseDateTime(withTime(text))
  if (timeUs !== undefined) return timeUs
  context.addIssue(NOT_A_MOMENT)
  return z.NEVER
})

/** Adds the time 00:00 UTC to a date. */
export function withTime(text: string): string {
  return /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text
}

/** The request of a person: the event, or `{}` when a schedule sent it or there is none. */
export function requestOf(event: unknown): unknown {
  // `sls invoke local` hands an empty standard input on as an empty text.
  if (event === undefined || event === null || event === '') return {}
  return isScheduleEvent(event) ? {} : event
}

/** True for the event of a schedule that has no `input` of its own. */
export function isScheduleEvent(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'source' in event && event.source === 'aws.events'
}

/** True for an object with at least one of the fields. */
export function hasAny(request: unknown, ...fields: readonly string[]): boolean {
  return typeof request === 'object' && request !== null && fields.some(field => field in request)
}

/**
 * Checks an event. Throws `BadRequest`, which says what the function `takes`, and names every field that is wrong.
 * @example readRequest(z.strictObject({ only: z.literal('a') }), event, 'a JSON object: {} or {"only": "a"}')
 */
export function readRequest<Schema extends z.ZodType>(
  schema: Schema,
  event: unknown,
  takes: string,
): z.output<Schema> {
  const parsed = schema.safeParse(event)
  if (!parsed.success) throw new BadRequest(takes, z.prettifyError(parsed.error))
  return parsed.data
}

/** The event is not one that the function takes. */
export class BadRequest extends TickhouseError {
  constructor(takes: string, problem: string) {
    super('BAD_REQUEST', `the event is not what this function takes, which is ${takes}:\n${problem}`)
  }
}
