import { lengthText, momentText } from './moments.js'

/** @import { Status } from './api.js' */
/** @import { Zone } from './zone.js' */

/** Candles are live while they lack no tick that is older than this. */
const LIVE_WITHIN_MS = 5_000
/** The server is not reached once all requests have failed for this long. */
const AWAY_AFTER_MS = 5_000
/** Ticks that wait longer are behind: the rollup commits once a minute, and takes some seconds. */
const BEHIND_AFTER_MS = 75_000
/** The rollup is catching up while its newest commit is not older than this. */
const COMMITS_WITHIN_MS = 150_000
/** A symbol is quiet once it has had no tick for this long. */
const QUIET_AFTER_MS = 120_000
const MINUTE_MS = 60_000

/**
 * The answers so far. All times are by the server's clock.
 *
 * @typedef {object} Answers
 * @property {Status | undefined} status the newest one
 * @property {number | undefined} answeredMs the time of the newest answer, unchanged ones included
 * @property {number} tryingSinceMs the beginning of the present run of requests without a pause: later than `answeredMs`
 *   when the page was hidden meanwhile
 * @property {boolean} isRefused true when the newest answer was a refusal, as the server is overloaded
 *
 * @typedef {'waiting' | 'live' | 'unclosed' | 'quiet' | 'asOf' | 'catchingUp' | 'behind' | 'away' | 'busy'} Kind
 *
 * @typedef {object} Freshness
 * @property {Kind} kind
 * @property {number | undefined} shownUntilMs all ticks until then are shown
 * @property {number | undefined} quietSinceMs no tick has come since then
 * @property {number | undefined} uncommittedSinceMs ticks from then on are in no stored candle
 * @property {number} staleHours hours of history that may lack late ticks
 */

/**
 * Judges how fresh the screen is, by the contents and the age of the answers, never by the fact that a request was answered.
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
 * The moment until which every tick is shown. While no tick waits, it is the moment of the answer. Where the server does not
 * know what waits, it is the end of the last closed candle.
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
 * The freshness in a few words, without anything that changes every second.
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
 * The age of the screen: `3 s`, or with words where `freshnessText` does not say it.
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
 * A note on history that is being recomputed; empty when none is.
 *
 * @param {Freshness} fresh
 */
export function historyText({ staleHours }) {
  if (staleHours === 0) return ''
  return `${staleHours.toLocaleString('en-US')} ${staleHours === 1 ? 'hour' : 'hours'} of history being caught up`
}
