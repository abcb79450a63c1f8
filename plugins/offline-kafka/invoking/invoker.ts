import { randomUUID } from 'node:crypto'
import type { Slice } from '../batching/batcher.ts'
import type { Mapping } from '../config/definition.ts'
import { WorkerWasGone } from '../errors.ts'
import type { Log } from '../host.ts'
import type { LocalFunction } from './function.ts'
import { FunctionWorker } from './functionWorker.ts'
import { pack } from './parcel.ts'

/** Lambda gives 10 s to load a module; a busy laptop may need more. */
const LOAD_TIMEOUT_MS = 30_000

/** Runs functions in worker threads of our own, which stay warm: as many of a function as run at once. */
export class Invoker {
  readonly #functions: ReadonlyMap<string, LocalFunction>
  readonly #log: Log
  readonly #idle = new Map<string, FunctionWorker[]>()

  /** `functions`: those that it is to run, by their keys. */
  constructor(functions: ReadonlyMap<string, LocalFunction>, log: Log) {
    this.#functions = functions
    this.#log = log
  }

  /** Gives these records to the mapping's function, in a fresh event; resolves with its answer. Throws `InvocationFailed`. */
  async invoke(mapping: Mapping, slices: readonly Slice[]): Promise<unknown> {
    const known = this.#functions.get(mapping.functionKey)!
    try {
      return await this.#invoke(known, mapping, slices)
    } catch (error) {
      if (error instanceof Error && typeof error.cause === 'string') this.#log.error(error.cause)
      throw error
    }
  }

  /** Ends the idle workers; the next invocation loads the handler anew. Call it when nothing is in flight. */
  async cleanup(): Promise<void> {
    const idle = [...this.#idle.values()].flat()
    this.#idle.clear()
    await Promise.all(idle.map(worker => worker.terminate()))
  }

  async #invoke(known: LocalFunction, mapping: Mapping, slices: readonly Slice[]): Promise<unknown> {
    const warm = this.#takeIdle(known.functionKey)
    try {
      if (warm !== undefined) return await this.#run(warm, known, mapping, slices)
    } catch (error) {
      if (!(error instanceof WorkerWasGone)) throw error
    }
    const fresh = await FunctionWorker.start(known, LOAD_TIMEOUT_MS, why => this.#log.warning(why))
    return this.#run(fresh, known, mapping, slices)
  }

  async #run(
    worker: FunctionWorker,
    known: LocalFunction,
    { topic, bootstrapServers }: Mapping,
    slices: readonly Slice[],
  ): Promise<unknown> {
    const { functionKey, functionName, timeoutMs, memorySizeMb } = known
    const awsRequestId = randomUUID()
    const startedMs = performance.now()
    const invocation = {
      parcel: pack(topic, bootstrapServers, slices, worker.memory),
      deadlineMs: Date.now() + Math.min(timeoutMs, Number.MAX_SAFE_INTEGER / 2),
      context: {
        awsRequestId,
        functionName,
        functionVersion: '$LATEST',
        invokedFunctionArn: `offline_invokedFunctionArn_for_${functionName}`,
        memoryLimitInMB: String(memorySizeMb),
        logGroupName: `/aws/lambda/${functionName}`,
        logStreamName: 'offline-kafka',
      },
    }
    try {
      const json = await worker.invoke(invocation, timeoutMs)
      const tookMs = performance.now() - startedMs
      this.#log.notice(
        `(λ: ${functionKey}) RequestId: ${awsRequestId}  Duration: ${tookMs.toFixed(2)} ms  Billed Duration: ${Math.ceil(tookMs)} ms`,
      )
      return json === undefined ? undefined : JSON.parse(json)
    } finally {
      if (!worker.isGone) this.#idleOf(functionKey).push(worker)
    }
  }

  #takeIdle(functionKey: string): FunctionWorker | undefined {
    const idle = this.#idleOf(functionKey)
    let worker = idle.pop()
    while (worker?.isGone) worker = idle.pop()
    return worker
  }

  #idleOf(functionKey: string): FunctionWorker[] {
    const idle = this.#idle.get(functionKey) ?? []
    this.#idle.set(functionKey, idle)
    return idle
  }
}
