import type { Context } from 'aws-lambda'
import { readConfig } from './config.ts'
import { type Connections, connect } from './connect.ts'
import { jsonLines } from './log.ts'
import { type LogLine, logged } from './logged.ts'

/** What a function does with an event, by the services that it needs; `remainingMs` tells how long it may still take. */
export type Step<Result, Needs = Connections> = (
  services: Needs,
  event: unknown,
  remainingMs: () => number,
) => Promise<Result>

/**
 * A step as a Lambda handler. Settings are read and connections built at the first call and kept while the process
 * is warm; each call logs one line with its duration, as a whole and by stages, what `line` says of it, and its error if
 * it has one.
 */
export function lambdaHandler<Result extends object>(
  name: string,
  step: Step<Result>,
  line: LogLine<Result> = {},
) {
  const log = jsonLines({ function: name })
  let warm: { services: Connections; isOneShot: boolean } | undefined
  const run = async (event: unknown, context: Context) => {
    warm ??= open()
    const { services, isOneShot } = warm
    try {
      return await step(services, event, () => context.getRemainingTimeInMillis())
    } finally {
      if (isOneShot) await services.close()
    }
  }
  const open = () => {
    const config = readConfig()
    return { services: connect(config, log), isOneShot: config.isOneShot }
  }
  return logged(log, run, line, () => warm?.services.stages.take() ?? {})
}
