import { z } from 'zod'
import { TickhouseError } from '../errors.ts'
import { parseDateTime } from '../market/time.ts'

/** An ISO 8601 date and time; becomes microseconds since 1970. */
export const MOMENT = z.string().transform((text, context) => {
  const timeUs = parseDateTime(text)
  if (timeUs !== undefined) return timeUs
  context.addIssue('not an ISO 8601 date and time, such as 2026-01-31T00:00:00Z')
  return z.NEVER
})

/** What a person asked for: the event without what a schedule puts there, which says nothing of our matters. */
export function requestOf(event: unknown): object {
  // `sls invoke local` hands an empty standard input on as an empty text.
  if (event === undefined || event === null || event === '') return {}
  if (typeof event !== 'object') throw new BadRequest(`a JSON object is wanted, not ${typeof event}`)
  return isScheduleEvent(event) ? {} : event
}

/** True for the event of a schedule that has no `input` of its own. */
export function isScheduleEvent(event: unknown): boolean {
  return typeof event === 'object' && event !== null && ('detail-type' in event || 'source' in event)
}

/** Checks a request that a person wrote. Throws `BadRequest`, which names every field that is wrong. */
export function readRequest<Schema extends z.ZodType>(schema: Schema, request: object): z.output<Schema> {
  const parsed = schema.safeParse(request)
  if (!parsed.success) throw new BadRequest(z.prettifyError(parsed.error))
  return parsed.data
}

/** Says what is wrong with an event; the same event will never be right. */
export class BadRequest extends TickhouseError {
  constructor(message: string) {
    super('BAD_REQUEST', `the event is not what this function takes:\n${message}`)
  }
}
