import { TickhouseError } from './errors.ts'

/** Runs at most `atOnce` pieces of work at the same time. At most `maxWaiting` wait for their turn; more are refused. */
export class BoundedQueue {
  readonly #atOnce: number
  readonly #maxWaiting: number
  #underWay = 0
  readonly #waiting: (() => void)[] = []

  constructor({ atOnce, maxWaiting }: { readonly atOnce: number; readonly maxWaiting: number }) {
    this.#atOnce = atOnce
    this.#maxWaiting = maxWaiting
  }

  /** Runs `work` in its turn, first come, first served. Throws `TooBusy` at once when the queue is full. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#underWay < this.#atOnce) this.#underWay++
    else await this.#turn()
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#underWay--
      else next()
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting) throw new TooBusy(this.#waiting.length)
    return new Promise(resolve => this.#waiting.push(resolve))
  }
}

/** The queue is full: this request would wait too long. */
export class TooBusy extends TickhouseError {
  constructor(waiting: number) {
    super('TOO_BUSY', `${waiting} requests wait already`, { retryable: true })
  }
}
