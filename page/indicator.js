import { find, make } from './dom.js'
import { ageText, freshnessText, historyText } from './freshness.js'
import { lengthText, momentText } from './moments.js'

/** @import { Status } from './api.js' */
/** @import { Freshness } from './freshness.js' */
/** @import { Zone } from './zone.js' */

const button = find('#freshness', HTMLButtonElement)
const text = find('#freshness-text', HTMLElement)
const age = find('#freshness-age', HTMLElement)
const said = find('#freshness-said', HTMLElement)
const history = find('#history', HTMLElement)
const details = find('#details dl', HTMLElement)

/**
 * Shows how fresh and how old the screen is; nothing while the screen is empty.
 *
 * @param {Freshness | undefined} fresh
 * @param {Status | undefined} status
 * @param {number} nowMs by the server's clock
 * @param {Zone} zone
 */
export function showFreshness(fresh, status, nowMs, zone) {
  if (fresh === undefined) {
    button.dataset.kind = 'waiting'
    write(history, '')
    return
  }
  const words = freshnessText(fresh, nowMs, zone)
  const old = ageText(fresh, nowMs, zone)
  button.dataset.kind = fresh.kind
  write(text, words)
  write(age, old)
  write(history, historyText(fresh))
  // Screen readers announce it when the kind changes, and not each second.
  if (said.dataset.kind !== fresh.kind) {
    said.dataset.kind = fresh.kind
    said.textContent = words
  }
  if (find('#details', HTMLElement).matches(':popover-open')) showDetails(fresh, status, nowMs, zone)
}

/**
 * @param {Freshness} fresh
 * @param {Status | undefined} status
 * @param {number} nowMs
 * @param {Zone} zone
 */
function showDetails({ shownUntilMs, staleHours }, status, nowMs, zone) {
  /** @param {string | null | undefined} iso */
  const moment = iso => (iso == null ? '–' : momentText(Date.parse(iso), nowMs, zone))
  const shown =
    shownUntilMs === undefined
      ? '–'
      : `${momentText(shownUntilMs, nowMs, zone)}, ${lengthText(nowMs - shownUntilMs)} ago`
  const waiting =
    status?.waitingSince === undefined
      ? 'not known'
      : status.waitingSince === null
        ? 'none'
        : `since ${moment(status.waitingSince)}`
  const rows = [
    ['All ticks are shown until', shown],
    ['Ticks that wait', waiting],
    ['Newest minute with a tick', moment(status?.newestMinute)],
    ['Candles are closed until', moment(status?.closedUntil)],
    ['Newest commit', moment(status?.committedAt)],
    ['History being caught up', staleHours === 0 ? 'none' : `${staleHours.toLocaleString('en-US')} h`],
  ]
  details.replaceChildren(...rows.flatMap(([name, value]) => [make('dt', name), make('dd', value)]))
}

/**
 * @param {HTMLElement} element
 * @param {string} words
 */
function write(element, words) {
  if (element.textContent !== words) element.textContent = words
}
