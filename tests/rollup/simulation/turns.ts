import type { Random } from '../../faults/random.ts'

interface Waiting {
  readonly caller: object
  readonly go: () => void
}

/** Of calls that run at once, one is mostly let go on; now and then it is another one. */
const STAYS = 0.85
const MAX_QUIET = 100

/** Lets calls that run at once take turns, by chance that can be played again: at each port, one of them goes on. */
export class Turns {
  #random: Random | undefined
  #waiting: Waiting[] = []

  /** Waits for the caller's turn, while several calls run at once. */
  async take(caller: object): Promise<void> {
    if (this.#random === undefined) return
    await new Promise<void>(go => this.#waiting.push({ caller, go }))
  }

  /** Runs all of them, each in turns with the others. */
  async together(random: Random, works: readonly (() => Promise<void>)[]): Promise<void> {
    this.#random = random
    let running = works.length
    const ended = works.map(work => work().finally(() => running--))
    const all = Promise.all(ended)
    all.catch(() => {})
    let favoured: object | undefined
    for (let quiet = 0; running > 0 && quiet < MAX_QUIET; ) {
      // Nothing in memory takes longer than this: then each call waits for its turn.
      await new Promise(resolve => setImmediate(resolve))
      quiet = this.#waiting.length === 0 ? quiet + 1 : 0
      if (random.next() > STAYS) favoured = undefined
      const next = this.#waiting.find(({ caller }) => caller === favoured) ?? this.#any(random)
      favoured = next?.caller
      this.#waiting = this.#waiting.filter(other => other !== next)
      next?.go()
    }
    this.#random = undefined
    for (const { go } of this.#waiting.splice(0)) go()
    if (running > 0)
      throw new Error(`${running} of ${works.length} calls wait for something else than a turn`)
    await all
  }

  #any(random: Random): Waiting | undefined {
    return this.#waiting.length === 0 ? undefined : random.pick(this.#waiting)
  }
}
