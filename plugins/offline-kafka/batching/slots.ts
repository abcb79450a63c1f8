/** A number of places, handed on in the order in which they were asked for. */
export class Slots {
  readonly #total: number
  readonly #onFree: () => void
  readonly #waiting: (() => void)[] = []
  #free: number

  /** `onFree` is called when a slot comes free and nobody waits for it. */
  constructor(total: number, onFree: () => void) {
    this.#total = total
    this.#free = total
    this.#onFree = onFree
  }

  get isFree(): boolean {
    return this.#free > 0
  }

  /** Takes a slot, waiting for one if need be; resolves at once when `isFree`. */
  take(): Promise<void> {
    if (this.#free === 0) return new Promise(resolve => this.#waiting.push(resolve))
    this.#free--
    return Promise.resolve()
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next !== undefined) {
      next()
      return
    }
    this.#free++
    this.#onFree()
  }

  /** Runs `change` while every slot is taken by it. */
  async withAll(change: () => Promise<void>): Promise<void> {
    await Promise.all(Array.from({ length: this.#total }, () => this.take()))
    try {
      await change()
    } finally {
      for (let i = 0; i < this.#total; i++) this.release()
    }
  }
}
