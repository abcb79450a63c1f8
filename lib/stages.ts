/** How long the stages of a call take, in milliseconds by name: what is done more than once is summed up. */
export class Stages {
  #ms = new Map<string, number>()

  /** Does the work as a part of the stage, also when it fails. */
  async time<Result>(stage: string, work: () => Promise<Result>): Promise<Result> {
    const startedMs = performance.now()
    try {
      return await work()
    } finally {
      this.#ms.set(stage, (this.#ms.get(stage) ?? 0) + performance.now() - startedMs)
    }
  }

  /** Hands the items on; to wait for each is a part of the stage. */
  async *each<Item>(stage: string, items: AsyncIterable<Item>): AsyncGenerator<Item> {
    const iterator = items[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await this.time(stage, () => iterator.next())
        if (next.done) return
        yield next.value
      }
    } finally {
      await iterator.return?.()
    }
  }

  /** What was timed since the last time that it was taken. */
  take(): Record<string, number> {
    const taken = this.#ms
    this.#ms = new Map()
    return Object.fromEntries([...taken].map(([stage, ms]) => [stage, Math.round(ms)]))
  }
}
