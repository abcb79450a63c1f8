import { Worker } from 'node:worker_threads'
import { InvocationFailed, WorkerWasGone } from '../errors.ts'
import type { Invocation, WorkerMessage, WorkerSetup } from './worker/messages.ts'

/** How a function's workers are made. */
export interface WorkerOptions extends WorkerSetup {
  functionKey: string
  env: Record<string, string>
  memorySizeMb: number
}

interface Waiting {
  resolve(json: string | undefined): void
  reject(error: Error): void
}

/** What V8 takes on a machine of a function's size; on a larger one it takes more, and a batch's garbage with it. */
const YOUNG_MB = 48

/** A thread that runs one function, one invocation at a time, and stays warm between them. */
export class FunctionWorker {
  /** Where its latest batch lies, and the next one may. */
  memory = new SharedArrayBuffer(0)
  readonly #thread: Worker
  readonly #functionKey: string
  readonly #onIdleDeath: (why: string) => void
  #waiting: Waiting | undefined
  #hasBegun = false
  #cause: unknown
  #isGone = false

  private constructor(
    { functionKey, codeDir, handler, env, memorySizeMb }: WorkerOptions,
    onIdleDeath: (why: string) => void,
  ) {
    this.#functionKey = functionKey
    this.#onIdleDeath = onIdleDeath
    this.#thread = new Worker(new URL('./worker/main.ts', import.meta.url), {
      workerData: { codeDir, handler } satisfies WorkerSetup,
      env,
      resourceLimits: { maxOldGenerationSizeMb: memorySizeMb, maxYoungGenerationSizeMb: YOUNG_MB },
    })
    this.#thread.on('message', (message: WorkerMessage) => this.#hear(message))
    this.#thread.on('error', error => {
      this.#cause = error
    })
    this.#thread.on('exit', code => this.#mourn(code))
  }

  /** Starts a thread; resolves when it has loaded its handler. `onIdleDeath` is told of a death between invocations. */
  static async start(
    options: WorkerOptions,
    timeoutMs: number,
    onIdleDeath: (why: string) => void,
  ): Promise<FunctionWorker> {
    const worker = new FunctionWorker(options, onIdleDeath)
    try {
      await worker.#wait(timeoutMs, `handler not loaded within ${timeoutMs} ms`)
      return worker
    } catch (error) {
      await worker.terminate()
      throw error
    }
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /**
   * Resolves with the JSON of the handler's answer. Throws `WorkerWasGone` when the handler never saw its event;
   * `InvocationFailed` when the handler throws, the thread dies, or the time is over: then it is ended.
   */
  invoke(invocation: Invocation, timeoutMs: number): Promise<string | undefined> {
    this.#hasBegun = false
    this.memory = invocation.parcel.memory
    this.#thread.postMessage(invocation)
    return this.#wait(timeoutMs, `timed out after ${timeoutMs / 1000} s`)
  }

  async terminate(): Promise<void> {
    this.#isGone = true
    await this.#thread.terminate()
  }

  async #wait(timeoutMs: number, complaint: string): Promise<string | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>()
    this.#waiting = { resolve, reject }
    const isBounded = timeoutMs < Number.POSITIVE_INFINITY
    const timer = isBounded && setTimeout(() => this.#end(new InvocationFailed(complaint)), timeoutMs)
    try {
      return await promise
    } finally {
      this.#waiting = undefined
      if (timer) clearTimeout(timer)
    }
  }

  #hear(message: WorkerMessage): void {
    if (message.kind === 'loaded') this.#waiting?.resolve(undefined)
    else if (message.kind === 'begun') this.#hasBegun = true
    else if (message.kind === 'answered') this.#waiting?.resolve(message.json)
    else {
      const { message: text, stack } = message.thrown
      this.#waiting?.reject(new InvocationFailed(text, { cause: stack }))
    }
  }

  #mourn(code: number): void {
    const wasExpected = this.#isGone
    this.#isGone = true
    const reason =
      this.#cause instanceof Error ? this.#cause.message : (this.#cause ?? `it ended with code ${code}`)
    const why = `the worker of ${this.#functionKey} died: ${reason}`
    if (this.#waiting === undefined) {
      if (!wasExpected) this.#onIdleDeath(why)
      return
    }
    const Failure = this.#hasBegun ? InvocationFailed : WorkerWasGone
    this.#waiting.reject(new Failure(why, { cause: this.#cause }))
  }

  #end(error: InvocationFailed): void {
    this.#waiting?.reject(error)
    void this.terminate()
  }
}
