let isSilenced = false

/**
 * Hides one harmless warning of Node that kafkajs 2.2.4 provokes: its request queue subtracts the clock from
 * "never" (-1) and hands the result to setTimeout, which then waits 1 ms, as kafkajs means it to.
 * Every other warning, other negative timeouts included, is still printed. Calling it again changes nothing.
 */
export function silenceNegativeTimeouts(): void {
  if (isSilenced) return
  isSilenced = true
  const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === 'TimeoutNegativeWarning' && isMinusTheClock(warning)) return
    emitWarning(warning, ...rest)
  }
}

/** "-1767225600000 is a negative number.": minus the milliseconds since 1970, give or take a day. */
function isMinusTheClock(warning: string | Error): boolean {
  const timeoutMs = Number.parseFloat(String(warning))
  return Math.abs(timeoutMs + Date.now()) < 86_400_000
}
