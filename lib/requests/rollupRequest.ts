import { z } from 'zod'
import type { TimeRange } from '../market/range.ts'
import { MOMENT, readRequest, requestOf } from './request.ts'

const STRETCH = z
  .strictObject({ from: MOMENT, to: MOMENT })
  .refine(({ from, to }) => from < to, { message: 'from must lie before to' })

/** The stretch that `{"from", "to"}` asks to recompute; undefined for an empty event or a schedule's. */
export function rollupRequest(event: unknown): TimeRange | undefined {
  const request = requestOf(event)
  if (Object.keys(request).length === 0) return undefined
  const { from, to } = readRequest(STRETCH, request)
  return { fromUs: from, toUs: to }
}
