import { z } from 'zod'
import type { TimeRange } from '../market/range.ts'
import { hasAny, MOMENT, readRequest, requestOf } from './request.ts'

const STRETCH = z
  .strictObject({ from: MOMENT, to: MOMENT })
  .refine(({ from, to }) => from < to, { message: 'from must lie before to' })

const TAKES = 'a JSON object: {}, or {"from", "to"} with the ends of a stretch'

/** The stretch that `{"from", "to"}` asks to recompute; undefined for an empty event or a schedule's. */
export function rollupRequest(event: unknown): TimeRange | undefined {
  const request = requestOf(event)
  if (!hasAny(request, 'from', 'to')) {
    readRequest(z.strictObject({}), request, TAKES)
    return undefined
  }
  const { from, to } = readRequest(STRETCH, request, TAKES)
  return { fromUs: from, toUs: to }
}
