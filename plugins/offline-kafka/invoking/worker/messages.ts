import type { Mapping } from '../../config/definition.ts'
import type { Settings } from '../../config/settings.ts'
import type { LocalFunction } from '../function.ts'
import type { Parcel } from '../parcel.ts'

/** What the thread of the event sources is told when it starts; plain data. */
export interface SourcesSetup {
  mappings: readonly Mapping[]
  /** Those that the mappings name. */
  functions: readonly LocalFunction[]
  settings: Settings
}

/** What that thread can be told later. */
export type Order = 'stop' | 'reload'

export const LOG_LEVELS = ['notice', 'error', 'warning', 'info', 'debug'] as const

/** What it says: for the log, and that it has obeyed an order. */
export type SourceMessage =
  | { kind: 'said'; level: (typeof LOG_LEVELS)[number]; text: string }
  | { kind: 'obeyed' }

/** What a worker is told when it starts. */
export interface WorkerSetup {
  /** The folder that `handler` is relative to. */
  codeDir: string
  handler: string
}

/** One invocation; what a context holds: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
export interface Invocation {
  parcel: Parcel
  /** Since 1970. */
  deadlineMs: number
  context: {
    awsRequestId: string
    functionName: string
    functionVersion: string
    invokedFunctionArn: string
    memoryLimitInMB: string
    logGroupName: string
    logStreamName: string
  }
}

/** Whatever a handler threw, in a form that passes from one thread to another. */
export interface Thrown {
  message: string
  stack: string
}

/** What a worker says: once that its handler is there, then for each invocation that it begins, and how it ended. */
export type WorkerMessage =
  | { kind: 'loaded' }
  | { kind: 'begun' }
  /** JSON, as Lambda would answer; undefined for no answer. */
  | { kind: 'answered'; json: string | undefined }
  | { kind: 'failed'; thrown: Thrown }
