/** The base of every error that this plugin throws: `code` is stable and for machines, `message` for people. */
export class EventSourceError extends Error {
  readonly code: string

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** serverless.yml asks for something that cannot be: the message names the function, the key and the cure. */
export class MisconfiguredSource extends EventSourceError {
  constructor(message: string, options?: ErrorOptions) {
    super('MISCONFIGURED_SOURCE', message, options)
    // serverless shows errors of this name by their message alone, all others with their stack
    this.name = 'ServerlessError'
  }
}

/** A compressed Kafka batch that cannot be read, or a codec that cannot write. */
export class CodecFailed extends EventSourceError {
  constructor(message: string, options?: ErrorOptions) {
    super('CODEC_FAILED', message, options)
  }
}

/** The worker had died before the function saw its event. */
export class WorkerWasGone extends EventSourceError {
  constructor(message: string, options?: ErrorOptions) {
    super('WORKER_WAS_GONE', message, options)
  }
}

/** The function did not take its batch: it threw, timed out, died, or gave an answer that means failure. */
export class InvocationFailed extends EventSourceError {
  constructor(message: string, options?: ErrorOptions) {
    super('INVOCATION_FAILED', message, options)
  }
}

/** A record batch in a form that is not Kafka's present one. */
export class UnreadableBatch extends EventSourceError {
  constructor(message: string, options?: ErrorOptions) {
    super('UNREADABLE_BATCH', message, options)
  }
}

/** A broker refused to give records of a partition; the code is Kafka's. */
export class FetchFailed extends EventSourceError {
  constructor(topic: string, partition: number, errorCode: number) {
    super('FETCH_FAILED', `${topic}-${partition} cannot be read: Kafka's error ${errorCode}`)
  }
}
