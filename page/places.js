import { find } from './dom.js'

/** @import { Zone } from './zone.js' */

const DAY_MS = 86_400_000

/**
 * Ranges of time that end at the newest candle, each with a fitting timeframe.
 *
 * @type {readonly { name: string, timeframe: string, sinceMs: (newestMs: number) => number }[]}
 */
export const RANGES = [
  { name: '1D', timeframe: 'm5', sinceMs: newestMs => newestMs - DAY_MS },
  { name: '1W', timeframe: 'm30', sinceMs: newestMs => newestMs - 7 * DAY_MS },
  { name: '1M', timeframe: 'h3', sinceMs: newestMs => newestMs - 30 * DAY_MS },
  { name: 'YTD', timeframe: 'D1', sinceMs: newestMs => Date.UTC(new Date(newestMs).getUTCFullYear(), 0, 1) },
]

const dialog = find('#go', HTMLDialogElement)
const field = find('#go-moment', HTMLInputElement)

/**
 * Calls back with each moment that is entered in the dialog.
 *
 * @param {() => Zone} zone of the entered time
 * @param {(moment: string) => void} onMoment
 */
export function whenAskedForMoment(zone, onMoment) {
  find('form', HTMLFormElement, dialog).addEventListener('submit', () => {
    const wallMs = Date.parse(`${field.value}Z`)
    if (!Number.isNaN(wallMs)) onMoment(new Date(zone().momentOf(wallMs)).toISOString())
  })
}

/**
 * Opens the dialog for a moment to go to.
 *
 * @param {number} shownMs the moment that it shows at first
 * @param {Zone} zone
 */
export function askForMoment(shownMs, zone) {
  find('#go-zone', HTMLElement).textContent = zone.label
  field.value = zone.wall(shownMs).toISOString().slice(0, 16)
  dialog.showModal()
}
