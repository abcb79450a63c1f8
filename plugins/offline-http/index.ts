import { BUSY, FAILED } from './answers.ts'
import { ConcurrencyLimit } from './concurrencyLimit.ts'
import type { Log, ServerlessHost } from './host.ts'
import { type Around, leaveCorsToFunctions, runCallsThrough } from './serverlessOffline.ts'
import { extendSchema, readWaitLimits } from './settings.ts'

/**
 * Gives functions behind HTTP, under serverless-offline, their `reservedConcurrency`, errors as API Gateway answers them, and
 * CORS headers of their own. List it in `plugins:` before serverless-offline.
 */
export default class OfflineHttp {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>
  readonly #serverless: ServerlessHost
  readonly #log: Log
  readonly #concurrency = new Map<string, ConcurrencyLimit>()
  #isCorsLeft = false

  constructor(serverless: ServerlessHost, _options: unknown, { log }: { log: Log }) {
    this.#serverless = serverless
    this.#log = log
    extendSchema(serverless)
    this.hooks = {
      'before:offline:start': () => this.#start(),
      'offline:start:init': () => this.#start(),
    }
  }

  async #start(): Promise<void> {
    const { service } = this.#serverless
    const limits = readWaitLimits(service.custom)
    const functionKeys = new Set<string>()
    for (const functionKey of service.getAllFunctions()) {
      const { reservedConcurrency, events = [] } = service.getFunction(functionKey)
      if (!events.some(event => 'httpApi' in event || 'http' in event)) continue
      functionKeys.add(functionKey)
      if (reservedConcurrency !== undefined) {
        this.#concurrency.set(functionKey, new ConcurrencyLimit(reservedConcurrency, limits))
      }
    }
    if (functionKeys.size > 0) await runCallsThrough(functionKeys, (...call) => this.#call(...call))
  }

  #call: Around = async (functionKey, event, run) => {
    const limit = this.#concurrency.get(functionKey) ?? UNLIMITED
    if (!isHttp(event)) return limit.run(run, BUSY)
    this.#leaveCorsToFunctions()
    try {
      const answer = await limit.run(run, BUSY)
      return isAnswer(answer) ? answer : FAILED
    } catch (error) {
      this.#log.warning(`${functionKey} failed: ${error instanceof Error ? error.message : String(error)}`)
      return FAILED
    }
  }

  /** Runs at the first request: no hook runs after the server's start in all ways to start it. */
  #leaveCorsToFunctions(): void {
    if (this.#isCorsLeft) return
    this.#isCorsLeft = true
    leaveCorsToFunctions(this.#serverless)
  }
}

const UNLIMITED = new ConcurrencyLimit(Number.POSITIVE_INFINITY, { maxWaiting: 0, maxWaitMs: 0 })

/** True for the event of an HTTP request. Other events come through Lambda's own endpoint, where errors stay as they are. */
function isHttp(event: unknown): boolean {
  if (typeof event !== 'object' || event === null || !('requestContext' in event)) return false
  const { requestContext } = event
  return typeof requestContext === 'object' && requestContext !== null && 'http' in requestContext
}

/** True for an answer with a status. In payload format 2.0 any other object would be sent as it is, with 200. */
function isAnswer(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'statusCode' in answer
}
