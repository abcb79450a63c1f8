import { TickhouseError } from './errors.ts'

/** Work of which a few pieces are done at once, a few more wait for their turn, and the rest is refused. */
export class BoundedQueue {
  readonly #atOnce: number
  readonly #maxWaiting: number
  #underWay = 0
  readonly #waiting: (() => void)[] = []

  constructor({ atOnce, maxWaiting }: { readonly atOnce: number; readonly maxWaiting: number }) {
    this.#atOnce = atOnce
    this.#maxWaiting = maxWaiting
  }

  /** What `work` gives, once it is its turn; first come, first served. Throws `TooBusy` at once where too many wait. */
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

/** More was asked for at once than can be done in a time that anybody waits. */
export class TooBusy extends TickhouseError {
  constructor(waiting: number) {
    super('TOO_BUSY', `${waiting} requests wait already`, { retryable: true })
  }
}
