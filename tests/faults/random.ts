/** Chance that can be played again: the same seed gives the same choices. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number of [from, to], both included. */
  int(from: number, to: number): number
  pick<T>(of: readonly T[]): T
  shuffled<T>(of: readonly T[]): T[]
}

/** The generator mulberry32; `seed` is a 32-bit integer. */
export function random(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    int,
    pick: of => of[int(0, of.length - 1)]!,
    shuffled(of) {
      const left = [...of]
      return Array.from({ length: of.length }, () => left.splice(int(0, left.length - 1), 1)[0]!)
    },
  }
}
