import { readFileSync } from 'node:fs'

interface Warning {
  readonly level: string
  readonly function: string
  readonly message: string
  readonly error?: string
}

/** What the functions warned of, and how often: the lines of their log, by what they say. */
export function warningsIn(log: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of log.split('\n')) {
    if (!line.includes('"level":"warn"')) continue
    const warning = parsed(line)
    if (warning === undefined) continue
    const text = [warning.function, warning.message, warning.error]
      .filter(part => part !== undefined)
      .join(': ')
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return counts
}

export function readWarnings(file: string): Map<string, number> {
  return warningsIn(readFileSync(file, 'utf8'))
}

function parsed(line: string): Warning | undefined {
  try {
    return JSON.parse(line.slice(line.indexOf('{'))) as Warning
  } catch {
    return undefined
  }
}
