import { z } from 'zod'
import { hasAny, MOMENT, readRequest, requestOf } from './request.ts'

const COMMON = {
  seed: z.int().default(1),
  symbols: z.int().min(1).max(10_000).default(10),
}

/** True: exactly as many ticks as asked for. False: more while trade is lively and, in history, fewer while it is calm. */
const EVEN = z.boolean().default(false)

const BURST = z.strictObject({ ...COMMON, ticks: z.int().min(1).max(10_000_000) })
const HISTORY = z
  .strictObject({
    ...COMMON,
    from: MOMENT,
    to: MOMENT,
    everySeconds: z.number().min(0.001).default(60),
    even: EVEN,
  })
  .refine(({ from, to }) => from < to, { message: 'from must lie before to' })
const PACED = z.strictObject({
  ...COMMON,
  seconds: z.int().min(1).max(600).default(60),
  perSecond: z.int().min(1).max(1_000).default(1),
  even: EVEN,
})

const TAKES =
  'a JSON object: {"ticks"} at once, {"from", "to", "everySeconds"} of history, or {"seconds", "perSecond"}; all with {"symbols", "seed"}'

export type Burst = z.output<typeof BURST>
export type History = z.output<typeof HISTORY>
export type Paced = z.output<typeof PACED>

/** What `produce` is asked for: a burst, a stretch of history, or ticks paced over the coming time. */
export type ProduceRequest =
  | ({ kind: 'burst' } & Burst)
  | ({ kind: 'history' } & History)
  | ({ kind: 'paced' } & Paced)

/** Reads the event; an empty one, or a schedule's, means the default pace. Throws `BadRequest`. */
export function produceRequest(event: unknown): ProduceRequest {
  const request = requestOf(event)
  if (hasAny(request, 'ticks')) return { kind: 'burst', ...readRequest(BURST, request, TAKES) }
  if (hasAny(request, 'from', 'to')) return { kind: 'history', ...readRequest(HISTORY, request, TAKES) }
  return { kind: 'paced', ...readRequest(PACED, request, TAKES) }
}
