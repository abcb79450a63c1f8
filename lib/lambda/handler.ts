import middy, { type MiddlewareObj } from '@middy/core'
import type { Context } from 'aws-lambda'
import { TickhouseError } from '../errors.ts'
import type { Log } from '../ports.ts'
import { readConfig } from './config.ts'
import { type Connections, connect } from './connect.ts'
import { jsonLines } from './log.ts'

/** What a function does with an event, by the services that it needs; `remainingMs` tells how long it may still take. */
export type Step<Result, Needs = Connections> = (
  services: Needs,
  event: unknown,
  remainingMs: () => number,
) => Promise<Result>

/** What the line of an invocation says, beside function, request id and duration. */
export interface Line<Result> {
  /** Of the event, however the call ends; must take whatever comes. */
  event?(event: unknown): object
  /** Of the result; all of it unless said. */
  result?(result: Result): object
}

/**
 * A step as a Lambda handler. Settings are read and connections built at the first call and kept while the process
 * is warm; each call logs one line with its duration, as a whole and by stages, what `line` says of it, and its error if
 * it has one.
 */
export function lambdaHandler<Result extends object>(
  name: string,
  step: Step<Result>,
  line: Line<Result> = {},
) {
  const log = jsonLines({ function: name })
  let warm: { services: Connections; isOneShot: boolean } | undefined
  const run = async (event: unknown, context: Context) => {
    warm ??= open(log)
    const { services, isOneShot } = warm
    try {
      return await step(services, event, () => context.getRemainingTimeInMillis())
    } finally {
      if (isOneShot) await services.close()
    }
  }
  return middy<unknown, Result>()
    .use(oneLine(log, () => warm?.services.stages.take() ?? {}, line))
    .handler(run)
}

function open(log: Log) {
  const config = readConfig()
  return { services: connect(config, log), isOneShot: config.isOneShot }
}

/** One line an invocation: request id, duration, also stage by stage, and what the step says of itself; never a tick. */
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
