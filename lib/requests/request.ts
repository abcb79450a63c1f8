import { z } from 'zod'
import { TickhouseError } from '../errors.ts'
import { parseDateTime } from '../market/time.ts'

/** An ISO 8601 date and time in an event; becomes microseconds since 1970. */
export const moment = z.string().transform((text, context) => {
  const timeUs = parseDateTime(text)
  if (timeUs !== undefined) return timeUs
  context.addIssue('not an ISO 8601 date and time, such as 2026-01-31T00:00:00Z')
  return z.NEVER
})

/** Checks an event that a person wrote. Throws `BadRequest`, which names every field that is wrong. */
export function readRequest<Schema extends z.ZodType>(schema: Schema, event: unknown): z.output<Schema> {
  const parsed = schema.safeParse(event)
  if (!parsed.success) throw new BadRequest(z.prettifyError(parsed.error))
  return parsed.data
}

export class BadRequest extends TickhouseError {
  constructor(message: string) {
    super('BAD_REQUEST', `the event is not what this function takes:\n${message}`)
  }
}
