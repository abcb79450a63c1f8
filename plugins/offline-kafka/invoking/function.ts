import { resolve } from 'node:path'
import { MisconfiguredSource } from '../errors.ts'
import type { ServerlessHost } from '../host.ts'
import { environmentOf } from './environment.ts'
import type { WorkerOptions } from './functionWorker.ts'

/** serverless's default; AWS Lambda's own is 3 s. */
const DEFAULT_TIMEOUT_SECONDS = 6
const DEFAULT_MEMORY_SIZE_MB = 1024

/** serverless-offline's options that matter here. */
export interface OfflineOptions {
  /** Where a bundler has put the functions, relative to the service. */
  location?: string
  localEnvironment?: boolean
  noTimeout?: boolean
}

/** A function of serverless.yml, as it runs on this machine. */
export interface LocalFunction extends WorkerOptions {
  /** Infinity with serverless-offline's `noTimeout`. */
  timeoutMs: number
  functionName: string
}

/** Reads how a function runs. Throws `MisconfiguredSource` for one that is not written for Node. */
export function readFunction(
  { serviceDir, service }: ServerlessHost,
  functionKey: string,
  { location = '', localEnvironment = false, noTimeout = false }: OfflineOptions,
): LocalFunction {
  const { provider } = service
  const declared = service.getFunction(functionKey)
  const runtime = declared.runtime ?? provider.runtime ?? 'nodejs'
  if (declared.handler === undefined || !runtime.startsWith('nodejs')) {
    throw new MisconfiguredSource(
      `function ${functionKey} has a kafka event, but no handler in Node (runtime ${runtime}): only those can run here`,
    )
  }
  const { handler, name: functionName = functionKey } = declared
  const memorySizeMb = declared.memorySize ?? provider.memorySize ?? DEFAULT_MEMORY_SIZE_MB
  const timeoutSeconds = declared.timeout ?? provider.timeout ?? DEFAULT_TIMEOUT_SECONDS
  return {
    functionKey,
    functionName,
    handler,
    codeDir: resolve(serviceDir, location),
    memorySizeMb,
    timeoutMs: noTimeout ? Number.POSITIVE_INFINITY : timeoutSeconds * 1000,
    env: environmentOf({
      functionName,
      handler,
      memorySizeMb,
      region: provider.region ?? 'us-east-1',
      declared: [provider.environment, declared.environment],
      own: process.env,
      localEnvironment,
    }),
  }
}
