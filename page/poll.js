const MAX_PAUSE_MS = 16_000
/** Of the pause after a failure, up or down by chance: many pages that lost one server do not come back all at once. */
const JITTER = 0.25
/** Between the end of a look and the next one, of `everyMs`, where looks are slow. */
const MIN_PAUSE_SHARE = 0.25

/**
 * How a look went: `retryAfterMs` is how long the server wants to be left alone.
 *
 * @typedef {{ wentWell: boolean, retryAfterMs?: number | undefined }} Outcome
 */

/**
 * Looks now and every `everyMs`, after failures less and less often, and never before the server wants it; not while
 * nobody sees the page, and at once when somebody does again. `look` deals with its own errors.
 *
 * @param {number} everyMs
 * @param {(signal: AbortSignal) => Promise<Outcome>} look
 * @returns {() => void} ends it, whatever is under way
 */
export function poll(everyMs, look) {
  const ended = new AbortController()
  let failures = 0
  let notBeforeMs = 0
  let isLooking = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer

  const next = async () => {
    clearTimeout(timer)
    if (isLooking || document.hidden || ended.signal.aborted) return
    const startedMs = Date.now()
    if (startedMs < notBeforeMs) {
      timer = setTimeout(next, notBeforeMs - startedMs)
      return
    }
    isLooking = true
    const { wentWell, retryAfterMs = 0 } = await look(ended.signal)
    isLooking = false
    failures = wentWell ? 0 : failures + 1
    notBeforeMs = Date.now() + retryAfterMs
    const tookMs = Date.now() - startedMs
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
