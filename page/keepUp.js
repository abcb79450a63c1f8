const LONGEST_PAUSE_MS = 16_000

/**
 * Looks now and again and again, with pauses of `everyMs` and longer ones after failures; not while nobody sees the
 * page, and at once when somebody does again. `look` deals with its own errors and says whether it went well.
 *
 * @param {number} everyMs
 * @param {(signal: AbortSignal) => Promise<boolean>} look
 * @returns {() => void} ends it, whatever is under way
 */
export function keepUp(everyMs, look) {
  const ended = new AbortController()
  let pauseMs = everyMs
  let isLooking = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer

  const next = async () => {
    clearTimeout(timer)
    if (isLooking || document.hidden || ended.signal.aborted) return
    isLooking = true
    const wentWell = await look(ended.signal)
    isLooking = false
    pauseMs = wentWell ? everyMs : Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    if (!ended.signal.aborted) timer = setTimeout(next, pauseMs)
  }
  document.addEventListener('visibilitychange', next, { signal: ended.signal })
  window.addEventListener('online', next, { signal: ended.signal })
  void next()
  return () => {
    clearTimeout(timer)
    ended.abort()
  }
}
