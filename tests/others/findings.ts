import { TickhouseError } from '../../lib/errors.ts'

/** Findings of a case that has parts: what a part throws is one, and no part is done after a finding. */
export function findingsOf() {
  const findings: string[] = []
  return {
    findings,
    part: async (name: string, run: () => Promise<void>): Promise<void> => {
      if (findings.length > 0) return
      try {
        await run()
      } catch (error) {
        findings.push(`${name}: ${say(error)}`)
      }
    },
  }
}

/** An error as a finding says it, with its code and its cause. */
export function say(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const name = error instanceof TickhouseError ? error.code : error.name
  const cause = error.cause === undefined ? '' : ` (${say(error.cause)})`
  return `${name}: ${error.message}${cause}`
}
