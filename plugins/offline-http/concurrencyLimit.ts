/** Limits of waiting: how many calls of a function may wait, and how long each. */
export interface WaitLimits {
  readonly maxWaiting: number
  readonly maxWaitMs: number
}

/** Runs at most `atOnce` calls at the same time; further ones wait, first come, first served. */
export class ConcurrencyLimit {
  readonly #atOnce: number
  readonly #limits: WaitLimits
  /** Called in turn, each to begin one waiting call. */
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(atOnce: number, limits: WaitLimits) {
    this.#atOnce = atOnce
    this.#limits = limits
  }

  /** Runs `work` in its turn. Returns `refusal` instead at once when too many calls wait, or after too long a wait. */
  async run<Result>(work: () => Promise<Result>, refusal: Result): Promise<Result> {
    if (!(await this.#begin())) return refusal
    try {
      return await work()
    } finally {
      this.#end()
    }
  }

  async #begin(): Promise<boolean> {
    if (this.#running < this.#atOnce) {
      this.#running++
      return true
    }
    if (this.#waiting.length >= this.#limits.maxWaiting) return false
    return this.#wait()
  }

  #wait(): Promise<boolean> {
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1)
        resolve(false)
      }, this.#limits.maxWaitMs)
      const begin = () => {
        clearTimeout(timer)
        resolve(true)
      }
      this.#waiting.push(begin)
    })
  }

  /** Begins the call that has waited longest. */
  #end(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#running--
    else next()
  }
}
