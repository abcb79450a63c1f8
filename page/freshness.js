import { lengthText, momentText } from './moments.js'

/** @import { Status } from './api.js' */
/** @import { Zone } from './zone.js' */

/** What is shown is live when it holds all ticks until so long ago, */
const LIVE_WITHIN_MS = 5_000
/** and the server is out of reach when all tries have failed for so long. */
const AWAY_AFTER_MS = 5_000
/** The rollup commits once a minute: ticks that wait for longer than that and its run are behind. */
const BEHIND_AFTER_MS = 75_000
/** While it commits at this rate, it is catching up. */
const COMMITS_WITHIN_MS = 150_000
/** A symbol is quiet when it has had no tick for so long. */
const QUIET_AFTER_MS = 120_000
const MINUTE_MS = 60_000

/**
 * What the answers have said so far. All times are by the server's clock.
 *
 * @typedef {object} Answers
 * @property {Status | undefined} status the newest one
 * @property {number | undefined} answeredMs when the newest answer came, also one that nothing has changed
 * @property {number} tryingSinceMs since when answers are asked for without having been left alone: later than
 *   `answeredMs` where the page was hidden meanwhile
 * @property {boolean} isRefused the newest try was answered, but not with candles: the server has too much to do
 *
 * @typedef {'waiting' | 'live' | 'unclosed' | 'quiet' | 'asOf' | 'catchingUp' | 'behind' | 'away' | 'busy'} Kind
 *
 * @typedef {object} Freshness
 * @property {Kind} kind
 * @property {number | undefined} shownUntilMs all ticks until then are in what is shown
 * @property {number | undefined} quietSinceMs no tick has come since then
 * @property {number | undefined} uncommittedSinceMs ticks from then on are in no stored candle
 * @property {number} staleHours hours of history that may lack late ticks
 */

/**
 * How fresh what is on the screen is, judged by what the answers carry and by their age, never by the fact that a request
 * was answered.
 *
 * @param {Answers} answers
 * @param {number} nowMs by the server's clock
 * @returns {Freshness}
 */
export function freshness(answers, nowMs) {
  const { status, answeredMs } = answers
  const shownUntilMs = shownUntil(answers)
  const newestMinute = time(status?.newestMinute)
  return {
    kind: kindOf(answers, shownUntilMs, nowMs),
    shownUntilMs,
    quietSinceMs:
      status?.waitingSince === null && newestMinute !== undefined ? newestMinute + MINUTE_MS : undefined,
    uncommittedSinceMs: time(status?.uncommittedSince),
    staleHours: answeredMs === undefined ? 0 : (status?.staleHours ?? 0),
  }
}

/**
 * @param {Answers} answers
 * @param {number | undefined} shownUntilMs
 * @param {number} nowMs
 * @returns {Kind}
 */
function kindOf({ status, answeredMs, tryingSinceMs, isRefused }, shownUntilMs, nowMs) {
  const unansweredMs = nowMs - Math.max(answeredMs ?? tryingSinceMs, tryingSinceMs)
  if (unansweredMs > AWAY_AFTER_MS) return isRefused ? 'busy' : 'away'
  if (status === undefined || answeredMs === undefined || shownUntilMs === undefined) return 'waiting'
  const { waitingSince, uncommittedSince, newestMinute, committedAt } = status
  if (waitingSince === undefined) return 'asOf'
  if (waitingSince !== null && answeredMs - shownUntilMs > BEHIND_AFTER_MS)
    return answeredMs - Date.parse(committedAt) <= COMMITS_WITHIN_MS ? 'catchingUp' : 'behind'
  if (nowMs - shownUntilMs > LIVE_WITHIN_MS) return 'asOf'
  if (answeredMs - (time(uncommittedSince) ?? answeredMs) > BEHIND_AFTER_MS) return 'unclosed'
  const quietMs =
    newestMinute === null ? Number.POSITIVE_INFINITY : nowMs - Date.parse(newestMinute) - MINUTE_MS
  return waitingSince === null && quietMs > QUIET_AFTER_MS ? 'quiet' : 'live'
}

/**
 * The moment until which every tick is in what is shown. While nothing waits, that is when the answer was given; where it
 * cannot be known what waits, the candles that are closed are all that is sure.
 *
 * @param {Answers} answers
 */
function shownUntil({ status, answeredMs }) {
  if (status === undefined || answeredMs === undefined) return undefined
  const { waitingSince, closedUntil, committedAt } = status
  if (waitingSince === null) return answeredMs
  return time(waitingSince) ?? time(closedUntil) ?? time(committedAt)
}

/** @param {string | null | undefined} iso */
function time(iso) {
  return iso == null ? undefined : Date.parse(iso)
}

/**
 * Says it in a few words, without what changes every second.
 *
 * @param {Freshness} fresh
 * @param {number} nowMs by the server's clock
 * @param {Zone} zone
 */
export function freshnessText({ kind, shownUntilMs, quietSinceMs, uncommittedSinceMs }, nowMs, zone) {
  const asOf = shownUntilMs === undefined ? '' : `as of ${momentText(shownUntilMs, nowMs, zone)}`
  const behind = shownUntilMs === undefined ? '' : `${lengthText(nowMs - shownUntilMs)} behind`
  switch (kind) {
    case 'waiting':
      return ''
    case 'live':
      return 'Live'
    case 'unclosed':
      return `prices live, candles ${lengthText(nowMs - (uncommittedSinceMs ?? nowMs))} behind`
    case 'quiet':
      return quietSinceMs === undefined
        ? 'no ticks yet'
        : `no ticks since ${momentText(quietSinceMs, nowMs, zone)}`
    case 'asOf':
      return asOf
    case 'catchingUp':
      return `${behind}, catching up`
    case 'behind':
      return behind
    case 'busy':
      return 'server busy, trying again'
    case 'away':
      return 'not reached, trying again'
  }
}

/**
 * How old what is on the screen is: `3 s`, or with words where the text before says nothing of it.
 *
 * @param {Freshness} fresh
 * @param {number} nowMs by the server's clock
 * @param {Zone} zone
 */
export function ageText({ kind, shownUntilMs }, nowMs, zone) {
  if (shownUntilMs === undefined) return ''
  const age = lengthText(nowMs - shownUntilMs)
  if (kind === 'live' || kind === 'asOf') return kind === 'live' ? age : `${age} ago`
  return kind === 'away' || kind === 'busy' ? `as of ${momentText(shownUntilMs, nowMs, zone)}` : ''
}

/**
 * What there is to say of history that is being recomputed; empty when there is none.
 *
 * @param {Freshness} fresh
 */
export function historyText({ staleHours }) {
  if (staleHours === 0) return ''
  return `${staleHours.toLocaleString('en-US')} ${staleHours === 1 ? 'hour' : 'hours'} of history being caught up`
}
