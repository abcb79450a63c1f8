import { z } from 'zod'
import { moment, readRequest } from './request.ts'

const common = {
  seed: z.int().default(1),
  symbols: z.int().min(1).max(10_000).default(10),
}

const burst = z.strictObject({ ...common, ticks: z.int().min(1).max(10_000_000) })
const history = z
  .strictObject({ ...common, from: moment, to: moment, everySeconds: z.number().min(0.001).default(60) })
  .refine(({ from, to }) => from < to, { message: 'from must lie before to' })
const paced = z.strictObject({
  ...common,
  seconds: z.int().min(1).max(600).default(60),
  perSecond: z.int().min(1).max(1_000).default(1),
})

export type Burst = z.output<typeof burst>
export type History = z.output<typeof history>
export type Paced = z.output<typeof paced>

/** What `produce` is asked for: a burst, a stretch of history, or ticks paced over the coming time. */
export type ProduceRequest =
  | ({ kind: 'burst' } & Burst)
  | ({ kind: 'history' } & History)
  | ({ kind: 'paced' } & Paced)

/** Reads the event; a schedule's says nothing about ticks and means the default pace. */
export function produceRequest(event: unknown): ProduceRequest {
  const request = isSchedule(event) ? {} : (event ?? {})
  if (has(request, 'ticks')) return { kind: 'burst', ...readRequest(burst, request) }
  if (has(request, 'from') || has(request, 'to')) return { kind: 'history', ...readRequest(history, request) }
  return { kind: 'paced', ...readRequest(paced, request === '' ? {} : request) }
}

function isSchedule(event: unknown): boolean {
  return has(event, 'detail-type') || has(event, 'source')
}

function has(event: unknown, name: string): boolean {
  return typeof event === 'object' && event !== null && name in event
}
