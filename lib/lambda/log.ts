import type { Log } from '../ports.ts'

/** JSON lines on standard output: what CloudWatch and `jq` read. */
export function jsonLines(base: Readonly<Record<string, unknown>>): Log {
  const line =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      console.log(JSON.stringify({ time: new Date().toISOString(), level, ...base, message, ...fields }))
  return { debug: line('debug'), info: line('info'), warn: line('warn') }
}

/** Hands on warnings alone, without their fields: for programs that speak to people. */
export function warningsOnly(say: (line: string) => void): Log {
  return { debug: () => undefined, info: () => undefined, warn: message => say(message) }
}
