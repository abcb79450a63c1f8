/** A rule that does not hold. */
export class Wrong extends Error {
  /** Which rule. */
  readonly rule: string

  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`)
    this.rule = rule
  }
}

/** Throws `Wrong` unless it holds. */
export function must(holds: boolean, rule: string, what: () => string): void {
  if (!holds) throw new Wrong(rule, what())
}

/** A moment, for people. */
export function moment(timeUs: number): string {
  return Math.abs(timeUs) < 8e18 ? new Date(timeUs / 1000).toISOString() : String(timeUs)
}
