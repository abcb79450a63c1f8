import middy, { type MiddlewareObj } from '@middy/core'
import type { Context } from 'aws-lambda'
import { TickhouseError } from '../errors.ts'
import type { Log } from '../ports.ts'

/** What the line of an invocation says, beside function, request id and duration. */
export interface Line<Result> {
  /** Of the event, however the call ends; must take whatever comes. */
  event?(event: unknown): object
  /** Of the result; all of it unless said. */
  result?(result: Result): object
}

/** A Lambda handler, each call of which logs one line: request id, duration, its stages, and what it says of itself; never a tick. */
export function logged<Result extends object>(
  log: Log,
  run: (event: unknown, context: Context) => Promise<Result>,
  line: Line<Result> = {},
  takeStagesMs: () => Readonly<Record<string, number>> = () => ({}),
) {
  return middy<unknown, Result>()
    .use(oneLine(log, takeStagesMs, line))
    .handler(run)
}

function oneLine<Result extends object>(
  log: Log,
  takeStagesMs: () => Readonly<Record<string, number>>,
  line: Line<Result>,
): MiddlewareObj<unknown, Result> {
  const startedAtMs = new WeakMap<object, number>()
  const fields = (context: Context, event: unknown) => {
    const stagesMs = takeStagesMs()
    return {
      requestId: context.awsRequestId,
      durationMs: Date.now() - startedAtMs.get(context)!,
      ...(Object.keys(stagesMs).length > 0 ? { stagesMs } : {}),
      ...line.event?.(event),
    }
  }
  return {
    before: ({ context }) => {
      startedAtMs.set(context, Date.now())
    },
    after: ({ context, event, response }) =>
      log.info('done', {
        ...fields(context, event),
        ...(line.result && response ? line.result(response) : response),
      }),
    onError: ({ context, event, error }) => {
      const details = error instanceof TickhouseError ? { code: error.code, retryable: error.retryable } : {}
      log.warn('failed', {
        ...fields(context, event),
        ...details,
        error: error?.message,
        cause: causeOf(error),
      })
    },
  }
}

/** What an error is the consequence of, in words. */
export function causeOf(error: unknown): string | undefined {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined
}
