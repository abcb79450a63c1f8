import { BUSY, FAILED } from './answers.ts'
import type { Log, ServerlessHost } from './host.ts'
import { type Around, leaveCorsToFunctions, runCallsThrough } from './serverlessOffline.ts'
import { extendSchema, readPatience } from './settings.ts'
import { Turns } from './turns.ts'

/**
 * For functions behind HTTP under serverless-offline: `reservedConcurrency`, errors as API Gateway answers them, and no
 * leave for other origins but what the functions give. List it in `plugins:` before serverless-offline.
 */
export default class OfflineHttp {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>
  readonly #serverless: ServerlessHost
  readonly #log: Log
  readonly #turns = new Map<string, Turns>()
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
    const patience = readPatience(service.custom)
    const functionKeys = new Set<string>()
    for (const functionKey of service.getAllFunctions()) {
      const { reservedConcurrency, events = [] } = service.getFunction(functionKey)
      if (!events.some(event => 'httpApi' in event || 'http' in event)) continue
      functionKeys.add(functionKey)
      if (reservedConcurrency !== undefined) {
        this.#turns.set(functionKey, new Turns(reservedConcurrency, patience))
      }
    }
    if (functionKeys.size > 0) await runCallsThrough(functionKeys, (...call) => this.#call(...call))
  }

  #call: Around = async (functionKey, event, run) => {
    const turns = this.#turns.get(functionKey) ?? UNLIMITED
    if (!isHttp(event)) return turns.take(run, BUSY)
    this.#leaveCorsToFunctions()
    try {
      const answer = await turns.take(run, BUSY)
      return isAnswer(answer) ? answer : FAILED
    } catch (error) {
      this.#log.warning(`${functionKey} failed: ${error instanceof Error ? error.message : String(error)}`)
      return FAILED
    }
  }

  /** At the first request: no hook comes between the server's start and that in every way to start it. */
  #leaveCorsToFunctions(): void {
    if (this.#isCorsLeft) return
    this.#isCorsLeft = true
    leaveCorsToFunctions(this.#serverless)
  }
}

const UNLIMITED = new Turns(Number.POSITIVE_INFINITY, { maxWaiting: 0, maxWaitMs: 0 })

/** True for the event of a request; others come by Lambda's own endpoint, whose callers can tell an error by itself. */
function isHttp(event: unknown): boolean {
  if (typeof event !== 'object' || event === null || !('requestContext' in event)) return false
  const { requestContext } = event
  return typeof requestContext === 'object' && requestContext !== null && 'http' in requestContext
}

/** Of payload format 2.0: an object without a status would be sent as it is, with 200. */
function isAnswer(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'statusCode' in answer
}
