import { on } from 'node:events'
import { Worker } from 'node:worker_threads'

export interface ThreadSetup {
  /** As in a Node before 24.5. */
  readonly isWithoutLocks: boolean
}

export interface Call {
  readonly name: string | undefined
  readonly timeMs: number
  readonly needsMs: number
}

/** What the work of a call is to do next. */
export type Order = 'end' | 'fail' | 'exit' | 'crash' | 'spin'

/** What a thread says of itself and its call. */
export type Said =
  | { readonly said: 'ready' | 'waits' | 'spins' }
  | { readonly said: 'begun'; readonly leftMs: number }
  | { readonly said: 'done'; readonly result: object; readonly stagesMs: Readonly<Record<string, number>> }
  | { readonly said: 'failed'; readonly message: string }

/** Calls a function that takes turns, in a thread of its own. */
export class Caller {
  readonly exited: Promise<number>
  readonly #thread: Worker
  readonly #says: NodeJS.AsyncIterator<Said[]>

  /** Resolves once the thread can be called. */
  static async start(setup: ThreadSetup = { isWithoutLocks: false }): Promise<Caller> {
    const caller = new Caller(setup)
    await caller.says('ready')
    return caller
  }

  private constructor(workerData: ThreadSetup) {
    this.#thread = new Worker(new URL('./oneAtATimeThread.ts', import.meta.url), { workerData })
    this.#says = on(this.#thread, 'message')
    this.exited = new Promise(resolve => this.#thread.once('exit', resolve))
  }

  call(name: string | undefined, { timeMs = 60_000, needsMs = 0 } = {}): void {
    this.#thread.postMessage({ name, timeMs, needsMs } satisfies Call)
  }

  order(order: Order): void {
    this.#thread.postMessage(order)
  }

  /** Calls, and waits until its work has begun. */
  async begin(name: string | undefined): Promise<void> {
    this.call(name)
    await this.says('begun')
  }

  /** Calls, and waits until it waits for its turn. */
  async wait(name: string): Promise<void> {
    this.call(name)
    await this.says('waits')
  }

  /** Ends its work, and waits until the call is done. */
  async end(): Promise<void> {
    this.order('end')
    await this.says('done')
  }

  /** The next thing that it says, which must be this. */
  async says<Word extends Said['said']>(word: Word): Promise<Extract<Said, { said: Word }>> {
    const { value } = await this.#says.next()
    const said = value?.[0]
    if (said === undefined || !isOf(said, word)) throw new Error(`${word} expected: ${JSON.stringify(said)}`)
    return said
  }

  /** As serverless-offline does with a call that takes too long. */
  async kill(): Promise<void> {
    await this.#thread.terminate()
  }
}

function isOf<Word extends Said['said']>(said: Said, word: Word): said is Extract<Said, { said: Word }> {
  return said.said === word
}
