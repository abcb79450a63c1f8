import type { CandleArchive, CandleSnapshot } from './candleArchive.ts'

/** How long a look at the newest commit is good for, however many ask. */
const LOOK_EVERY_MS = 1_000
/** Answers kept of one commit: far more than there are charts open. */
const MOST_ANSWERS = 200

/**
 * The same archive, asked each question once a commit: candles change only when rollup commits, so all viewers of a
 * symbol share one answer until then. Questions that failed are asked again.
 */
export class CachedArchive implements CandleArchive {
  readonly #archive: CandleArchive
  readonly #nowMs: () => number
  #look: Promise<CandleSnapshot> | undefined
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #known: CandleSnapshot | undefined

  constructor(archive: CandleArchive, nowMs: () => number) {
    this.#archive = archive
    this.#nowMs = nowMs
  }

  async current(): Promise<CandleSnapshot> {
    const nowMs = this.#nowMs()
    if (this.#look === undefined || nowMs >= this.#lookedAtMs + LOOK_EVERY_MS) {
      this.#lookedAtMs = nowMs
      this.#look = this.#lookAgain()
    }
    return this.#look
  }

  async #lookAgain(): Promise<CandleSnapshot> {
    const found = await this.#archive.current()
    if (found.id !== this.#known?.id) this.#known = remembering(found)
    return this.#known!
  }
}

function remembering(snapshot: CandleSnapshot): CandleSnapshot {
  const answers = new Map<string, Promise<unknown>>()
  const once = <Answer>(question: string, ask: () => Promise<Answer>): Promise<Answer> => {
    const known = answers.get(question) as Promise<Answer> | undefined
    if (known !== undefined) return known
    if (answers.size >= MOST_ANSWERS) answers.clear()
    const answer = ask()
    answers.set(question, answer)
    answer.catch(() => answers.delete(question))
    return answer
  }
  return {
    ...snapshot,
    symbols: () => once('symbols', () => snapshot.symbols()),
    newest: (stretch, limit) => once(JSON.stringify([stretch, limit]), () => snapshot.newest(stretch, limit)),
  }
}
