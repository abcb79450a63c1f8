export interface ErrorDetails {
  /** What this error is the consequence of. */
  cause?: unknown
  /** True when the same call may succeed later, unchanged. */
  retryable?: boolean
}

/** The base of every failure that tickhouse names: `code` is stable and for machines, `message` names the thing and the cure. */
export class TickhouseError extends Error {
  readonly code: string
  readonly retryable: boolean

  constructor(code: string, message: string, { cause, retryable = false }: ErrorDetails = {}) {
    super(message, cause === undefined ? {} : { cause })
    this.name = new.target.name
    this.code = code
    this.retryable = retryable
  }
}
