import { type ErrorDetails, TickhouseError } from '../../lib/errors.ts'

/** A failure of the Kafka event source or of what it calls: the base of every error that this plugin throws. */
export class EventSourceError extends TickhouseError {}

/** serverless.yml asks for something that cannot be: the message names the function, the key and the cure. */
export class MisconfiguredSource extends EventSourceError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('MISCONFIGURED_SOURCE', message, details)
    // serverless shows errors of this name by their message alone, all others with their stack
    this.name = 'ServerlessError'
  }
}

/** A compressed Kafka batch that cannot be read, or a codec that cannot write. */
export class CodecFailed extends EventSourceError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('CODEC_FAILED', message, details)
  }
}

/** The function did not take its batch: it threw, timed out, died, or gave an answer that means failure. */
export class InvocationFailed extends EventSourceError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('INVOCATION_FAILED', message, { retryable: true, ...details })
  }
}
