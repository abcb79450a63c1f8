import { Worker } from 'node:worker_threads'
import type { Log } from '../host.ts'
import type { Order, SourceMessage, SourcesSetup } from '../invoking/worker/messages.ts'

/** Few objects live here: the records lie outside of V8's heap. */
const YOUNG_MB = 12

/**
 * All event sources, in a thread of their own. What a fetch brings is soon garbage of megabytes, and each time that some of
 * it is collected, V8 walks through all that its thread holds: here next to nothing, beside the framework 100 MB.
 */
export class SourceThread {
  readonly #thread: Worker
  readonly #log: Log
  readonly #obeyed: (() => void)[] = []

  /** Begins to read, in the background. A thread that dies is a fault of this plugin, and ends the process. */
  constructor(setup: SourcesSetup, log: Log) {
    this.#log = log
    this.#thread = new Worker(new URL('./sources.ts', import.meta.url), {
      workerData: setup,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    this.#thread.on('message', (message: SourceMessage) => this.#hear(message))
  }

  /** Ends all sources in an orderly way: batches in flight end and are committed, groups are left. */
  async stop(): Promise<void> {
    await this.#order('stop')
    await this.#thread.terminate()
  }

  /** The next invocations load the functions anew, once all sources rest. */
  reload(): Promise<void> {
    return this.#order('reload')
  }

  /** Orders are obeyed one after the other. */
  #order(order: Order): Promise<void> {
    return new Promise(resolve => {
      this.#obeyed.push(resolve)
      this.#thread.postMessage(order)
    })
  }

  #hear(message: SourceMessage): void {
    if (message.kind === 'said') this.#log[message.level](message.text)
    else this.#obeyed.shift()?.()
  }
}
