import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import type { Log } from '../ports.ts'

/** Which function `publish` is; `endpoint` is unset on AWS, where the SDK knows it. */
export interface PublishTarget {
  readonly functionName: string
  readonly endpoint?: string
}

/** Starts `publish`. Where that fails it is said, and no more: publish's own schedule is the net. */
export class PublishStarter {
  readonly #client: LambdaClient
  readonly #target: PublishTarget
  readonly #log: Log

  constructor(target: PublishTarget, log: Log) {
    const { endpoint } = target
    // serverless-offline wants a signature and does not look at it.
    const local = { region: 'local', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }
    this.#client = new LambdaClient({
      maxAttempts: 2,
      ...(endpoint === undefined ? {} : { endpoint, ...local }),
    })
    this.#target = target
    this.#log = log
  }

  async start(): Promise<void> {
    const { functionName, endpoint } = this.#target
    // Under serverless-offline an error in an asynchronous invocation ends the whole process: there, wait for the answer.
    const InvocationType = endpoint === undefined ? 'Event' : 'RequestResponse'
    try {
      const command = new InvokeCommand({ FunctionName: functionName, InvocationType, Payload: '{}' })
      const { FunctionError } = await this.#client.send(command)
      if (FunctionError !== undefined)
        this.#log.warn('publish failed; its own schedule will send the candles')
    } catch (error) {
      const reason = error instanceof Error ? error.message || error.name : String(error)
      this.#log.warn('publish could not be started; its own schedule will send the candles', { reason })
    }
  }

  close(): void {
    this.#client.destroy()
  }
}
