import { z } from 'zod'

const MINUTES_REST = z.strictObject({ only: z.literal('minutes-rest') })

/** True when the schedule asks for what is left of the minute, false for records of the event source. */
export function isMinutesRest(event: unknown): boolean {
  return MINUTES_REST.safeParse(event).success
}
