import type { Mapping } from './definition.ts'
import { InvocationFailed } from './errors.ts'
import type { KafkaEvent } from './event.ts'
import type { Log, ServerlessHost } from './host.ts'
import { guardWorkers, WorkerWasGone, withWorkerGuard } from './workerGuard.ts'

/** What serverless-offline's own timeout, or the loading of a handler, may take beyond the function's timeout. */
const GRACE_MS = 10_000

type LambdaPool = InstanceType<typeof import('serverless-offline/lambda')['default']>

/** Runs functions in serverless-offline's Lambda: in a pool of workers of our own, which stay warm. */
export class Invoker {
  readonly #pool: LambdaPool
  readonly #hasTimeout: boolean

  private constructor(pool: LambdaPool, hasTimeout: boolean) {
    this.#pool = pool
    this.#hasTimeout = hasTimeout
  }

  /** `options` are serverless-offline's, those of its command line over those of `custom`. */
  static async create(
    serverless: ServerlessHost,
    options: Record<string, unknown>,
    log: Log,
  ): Promise<Invoker> {
    const { default: Lambda } = await import('serverless-offline/lambda')
    guardWorkers(log)
    // With reloadHandler the pool would keep a worker for each invocation ever made; edits reach us by `cleanup` instead.
    const pool = new Lambda(serverless, {
      host: 'localhost',
      lambdaPort: 3002,
      ...options,
      reloadHandler: false,
    })
    const { service } = serverless
    pool.create(
      service.getAllFunctions().map(functionKey => ({
        functionKey,
        functionDefinition: service.getFunction(functionKey),
      })),
    )
    return new Invoker(pool, options.noTimeout !== true)
  }

  /**
   * Resolves to what the handler answered; whether that means success is another matter, see `readAnswer`.
   * Throws `InvocationFailed`, or what serverless-offline rejects with, at the latest some seconds after the function's timeout.
   */
  async invoke({ functionKey, functionTimeoutMs }: Mapping, event: KafkaEvent): Promise<unknown> {
    while (true) {
      try {
        return await this.#bounded(functionTimeoutMs + GRACE_MS, () => this.#run(functionKey, event))
      } catch (error) {
        if (!(error instanceof WorkerWasGone)) throw error
      }
    }
  }

  /** Ends the workers; the next invocation loads the handler anew. Call it when nothing is in flight. */
  async cleanup(): Promise<void> {
    await this.#pool.cleanup()
  }

  #run(functionKey: string, event: KafkaEvent): Promise<unknown> {
    return withWorkerGuard(() => {
      const instance = this.#pool.get(functionKey)
      instance.setEvent(event)
      return instance.runHandler()
    })
  }

  async #bounded(timeoutMs: number, run: () => Promise<unknown>): Promise<unknown> {
    if (!this.#hasTimeout) return run()
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new InvocationFailed(`no answer within ${timeoutMs} ms`)), timeoutMs)
    })
    try {
      return await Promise.race([run(), timeout])
    } finally {
      clearTimeout(timer)
    }
  }
}
