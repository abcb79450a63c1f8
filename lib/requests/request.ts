import { z } from 'zod'
import { TickhouseError } from '../errors.ts'
import { parseDateTime } from '../market/time.ts'

/** Says what a text is that `MOMENT` does not take. */
export const NOT_A_MOMENT =
  'is not an ISO 8601 date, or date and time, such as 2026-01-31 or 2026-01-31T00:00:00Z'

/** An ISO 8601 date and time, or a date alone, which stands for its beginning; becomes microseconds since 1970. */
export const MOMENT = z.string().transform((text, context) => {
  const timeUs = parseDateTime(withTime(text))
  if (timeUs !== undefined) return timeUs
  context.addIssue(NOT_A_MOMENT)
  return z.NEVER
})

/** The text as a date and time, if it is a date alone. */
export function withTime(text: string): string {
  return /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text
}

/** What a person asked for: the event, or `{}` if a schedule sent it, or if there is none. */
export function requestOf(event: unknown): unknown {
  // `sls invoke local` hands an empty standard input on as an empty text.
  if (event === undefined || event === null || event === '') return {}
  return isScheduleEvent(event) ? {} : event
}

/** True for the event of a schedule that has no `input` of its own. */
export function isScheduleEvent(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'source' in event && event.source === 'aws.events'
}

/** True for an object that has one of the fields. */
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

/** Says what a function takes, and what is wrong with an event; the same event will never be right. */
export class BadRequest extends TickhouseError {
  constructor(takes: string, problem: string) {
    super('BAD_REQUEST', `the event is not what this function takes, which is ${takes}:\n${problem}`)
  }
}
