import { z } from 'zod'
import { readRequest, requestOf } from './request.ts'

const MAINTAIN = z.strictObject({ only: z.enum(['compaction', 'orphans', 'counts']).optional() })

const TAKES = 'a JSON object: {}, or {"only"} with compaction, orphans or counts'

/** Which part of the upkeep is asked for; all of it without `only`. */
export type MaintainRequest = z.output<typeof MAINTAIN>

/** Reads the event. Throws `BadRequest`. */
export function maintainRequest(event: unknown): MaintainRequest {
  return readRequest(MAINTAIN, requestOf(event), TAKES)
}
