/** How many calls of a function may wait, and how long. */
export interface Patience {
  readonly maxWaiting: number
  readonly maxWaitMs: number
}

/** Lets `atOnce` calls at work; others wait in line, in the order in which they came. */
export class Turns {
  readonly #atOnce: number
  readonly #patience: Patience
  /** Each is called when it is its turn. */
  readonly #waiting: (() => void)[] = []
  #atWork = 0

  constructor(atOnce: number, patience: Patience) {
    this.#atOnce = atOnce
    this.#patience = patience
  }

  /** The result of `work`, in its turn; `refusal` at once when too many wait already, and after too long a wait. */
  async take<Result>(work: () => Promise<Result>, refusal: Result): Promise<Result> {
    if (!(await this.#begin())) return refusal
    try {
      return await work()
    } finally {
      this.#end()
    }
  }

  async #begin(): Promise<boolean> {
    if (this.#atWork < this.#atOnce) {
      this.#atWork++
      return true
    }
    if (this.#waiting.length >= this.#patience.maxWaiting) return false
    return this.#wait()
  }

  #wait(): Promise<boolean> {
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1)
        resolve(false)
      }, this.#patience.maxWaitMs)
      const begin = () => {
        clearTimeout(timer)
        resolve(true)
      }
      this.#waiting.push(begin)
    })
  }

  /** The one that waits longest takes the place. */
  #end(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#atWork--
    else next()
  }
}
