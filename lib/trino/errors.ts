import { TickhouseError } from '../errors.ts'

/** What Trino says of a statement that failed. https://trino.io/docs/current/develop/client-protocol.html */
export interface TrinoFailure {
  message: string
  /** For example `TABLE_NOT_FOUND`. */
  errorName: string
  /** `USER_ERROR`, `INTERNAL_ERROR`, `INSUFFICIENT_RESOURCES` or `EXTERNAL`. */
  errorType: string
}

/** Trino ran the statement, or tried to, and it failed; retryable unless the statement itself is to blame. */
export class QueryFailed extends TickhouseError {
  readonly errorName: string
  readonly errorType: string
  readonly queryId: string

  constructor(queryId: string, { message, errorName, errorType }: TrinoFailure) {
    super('QUERY_FAILED', `Trino query ${queryId} failed with ${errorName}: ${message}`, {
      retryable: errorType !== 'USER_ERROR',
    })
    this.errorName = errorName
    this.errorType = errorType
    this.queryId = queryId
  }
}

/** The statement took longer than it may; it was cancelled on the server. */
export class QueryTimedOut extends TickhouseError {
  constructor(queryId: string | undefined, timeoutMs: number, cause?: unknown) {
    const query = queryId === undefined ? 'a query that had not begun' : `query ${queryId}`
    super('QUERY_TIMED_OUT', `Trino did not finish ${query} within ${timeoutMs} ms`, {
      cause,
      retryable: true,
    })
  }
}

/** True when a smaller statement may succeed: this one was too slow, or too large for the server. */
export function isTooMuchWork(error: unknown): error is QueryTimedOut | QueryFailed {
  if (error instanceof QueryFailed) return error.errorType === 'INSUFFICIENT_RESOURCES'
  return error instanceof QueryTimedOut
}

/** True when Trino had no node to run the statement on: none of it was run. */
export function isWithoutNodes(error: unknown): boolean {
  return error instanceof QueryFailed && error.errorName === 'NO_NODES_AVAILABLE'
}

/** No coordinator answered as it should, or it forgot the query in a restart; the same call may succeed later. */
export class TrinoUnavailable extends TickhouseError {
  constructor(url: string, reason: string, cause?: unknown) {
    super('TRINO_UNAVAILABLE', `Trino at ${url} is not available: ${reason}`, { cause, retryable: true })
  }
}

/** Trino refuses the request itself: a wrong login, a proxy's refusal. */
export class TrinoRefused extends TickhouseError {
  constructor(url: string, status: number, cause?: unknown) {
    super('TRINO_REFUSED', `Trino at ${url} refuses with HTTP status ${status}; check its URL and login`, {
      cause,
    })
  }
}
