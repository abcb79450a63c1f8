const MAX_PAUSE_MS = 16_000
/** The random share of a pause after a failure, so that many pages do not return to a server all at once. */
const JITTER = 0.25
/** The share of `everyMs` that is the shortest pause after a slow request. */
const MIN_PAUSE_SHARE = 0.25

/**
 * The outcome of a request. `retryAfterMs` is the pause that the server asks for.
 *
 * @typedef {{ wentWell: boolean, retryAfterMs?: number | undefined }} Outcome
 */

/**
 * Runs `look` now and every `everyMs`. Pauses grow after failures, and are at least those that the server asks for. While the
 * page is hidden it stops, and runs `look` at once when the page is seen again. `look` handles its own errors.
 *
 * @param {number} everyMs
 * @param {(signal: AbortSignal) => Promise<Outcome>} look
 * @returns {() => void} ends it, and aborts the request under way
 */
export function poll(everyMs, look) {
  const ended = new AbortController()
  let failures = 0
  // By the monotonic clock: the wall clock may be set back.
  let notBeforeMs = 0
  let isLooking = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer

  const next = async () => {
    clearTimeout(timer)
    if (isLooking || document.hidden || ended.signal.aborted) return
    const startedMs = performance.now()
    if (startedMs < notBeforeMs) {
      timer = setTimeout(next, notBeforeMs - startedMs)
      return
    }
    isLooking = true
    const { wentWell, retryAfterMs = 0 } = await look(ended.signal)
    isLooking = false
    failures = wentWell ? 0 : failures + 1
    notBeforeMs = performance.now() + retryAfterMs
    const tookMs = performance.now() - startedMs
    const pauseMs = wentWell
      ? Math.max(everyMs - tookMs, everyMs * MIN_PAUSE_SHARE)
      : afterFailure(everyMs, failures)
    if (!ended.signal.aborted) timer = setTimeout(next, Math.max(pauseMs, retryAfterMs))
  }
  document.addEventListener('visibilitychange', next, { signal: ended.signal })
  window.addEventListener('online', next, { signal: ended.signal })
  void next()
  return () => {
    clearTimeout(timer)
    ended.abort()
  }
}

/**
 * @param {number} everyMs
 * @param {number} failures
 */
function afterFailure(everyMs, failures) {
  const pauseMs = Math.min(everyMs * 2 ** (failures - 1), MAX_PAUSE_MS)
  return pauseMs * (1 + JITTER * (2 * Math.random() - 1))
}
