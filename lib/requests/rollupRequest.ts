import { z } from 'zod'
import type { TimeRange } from '../market/range.ts'
import { moment, readRequest } from './request.ts'

const request = z
  .object({ from: moment, to: moment })
  .refine(({ from, to }) => from < to, { message: 'from must lie before to' })

/** The stretch that `{"from", "to"}` asks to recompute; undefined for an event that names none, such as a schedule's. */
export function rangeOf(event: unknown): TimeRange | undefined {
  const names = typeof event === 'object' && event !== null && ('from' in event || 'to' in event)
  if (!names) return undefined
  const { from, to } = readRequest(request, event)
  return { fromUs: from, toUs: to }
}
