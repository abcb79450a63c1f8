import middy, { type MiddlewareObj } from '@middy/core'
import type { Context } from 'aws-lambda'
import { TickhouseError } from '../errors.ts'
import type { Log } from '../ports.ts'

/** The fields that an invocation's log line has beside function, request id and duration. */
export interface LogLine<Result> {
  /** Fields of the event, logged for a failed call too; must accept any event. */
  event?(event: unknown): object
  /** Fields of the result; by default all of them. */
  result?(result: Result): object
}

/** A Lambda handler that logs one line a call: request id, duration, stages, and the fields of `line`; never a tick. */
export function logged<Result extends object>(
  log: Log,
  run: (event: unknown, context: Context) => Promise<Result>,
  line: LogLine<Result> = {},
  takeStagesMs: () => Readonly<Record<string, number>> = () => ({}),
) {
  return middy<unknown, Result>()
    .use(oneLine(log, takeStagesMs, line))
    .handler(run)
}

function oneLine<Result extends object>(
  log: Log,
  takeStagesMs: () => Readonly<Record<string, number>>,
  line: LogLine<Result>,
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

/** The message of an error's cause. */
export function causeOf(error: unknown): string | undefined {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined
}
