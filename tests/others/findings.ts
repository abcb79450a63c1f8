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

/** An error as a finding says it, with its code. */
export function say(error: unknown): string {
  if (error instanceof TickhouseError) return `${error.code}: ${error.message}`
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
