import { parseDateTime } from '../lib/market/time.ts'

/** Shows progress on standard error: on a terminal one line that is overwritten, otherwise a line every ten seconds. */
export function progress(): (line: string) => void {
  let saidMs = 0
  return line => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`)
    else if (performance.now() - saidMs > 10_000) {
      saidMs = performance.now()
      process.stderr.write(`${line}\n`)
    }
  }
}

/** The moment that an option names, microseconds; undefined for one that is not given. Throws `TypeError`. */
export function momentOf(text: string): number
export function momentOf(text: string | undefined): number | undefined
export function momentOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const timeUs = parseDateTime(/T/.test(text) ? text : `${text}T00:00:00`)
  if (timeUs === undefined) throw new TypeError(`${text} is not an ISO 8601 time`)
  return timeUs
}
