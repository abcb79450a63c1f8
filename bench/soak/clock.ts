/** The wall clock of a simulated pipeline: it stands still between its moves, and remembers what it said when. */
export class SimulatedClock {
  /** When it was moved by the real clock, and to what; both rise. */
  readonly #moves: { readonly realMs: number; readonly nowMs: number }[] = []
  #nowMs = 0

  constructor(startMs: number) {
    this.set(startMs)
  }

  readonly nowMs = (): number => this.#nowMs

  set(nowMs: number): void {
    this.#nowMs = nowMs
    this.#moves.push({ realMs: Date.now(), nowMs })
  }

  /** What it said at a moment of the real clock. */
  at(realMs: number): number {
    const next = this.#moves.findLastIndex(move => move.realMs <= realMs)
    return this.#moves[Math.max(0, next)]!.nowMs
  }
}
