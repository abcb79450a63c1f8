import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import type { Log } from '../ports.ts'
import type { Config } from './config.ts'

/** What `publish` is invoked with by `rollup`, to tell it from a schedule or a person. */
export const AFTER_ROLLUP = { trigger: 'rollup' }

let client: LambdaClient | undefined

/** Starts `publish` without waiting for it. When that fails it is said, and no more: publish's own schedule is the net. */
export async function invokePublish(
  { functionName, endpoint, region }: Config['publish'],
  log: Log,
): Promise<void> {
  client ??= new LambdaClient({
    region,
    maxAttempts: 2,
    // serverless-offline asks for a signature and does not look at it.
    ...(endpoint === undefined
      ? {}
      : { endpoint, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
  })
  try {
    await client.send(
      new InvokeCommand({
        FunctionName: functionName,
        InvocationType: 'Event',
        Payload: JSON.stringify(AFTER_ROLLUP),
      }),
    )
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error)
    log.warn('publish could not be started; its own schedule will send the candles', { reason })
  }
}
