import { Refused } from './api.js'
import { find } from './dom.js'

/** @import { Instrument, View } from './api.js' */

/** @typedef {{ state: string, title?: string, text?: string, canChoose?: boolean }} Message */

const panel = find('#message', HTMLElement)
const title = find('h2', HTMLHeadingElement, panel)
const text = find('p', HTMLParagraphElement, panel)
const choose = find('button', HTMLButtonElement, panel)

/**
 * Shows a message in place of the chart; without a title, shows the chart.
 *
 * @param {Message} message
 */
export function say(message) {
  document.body.dataset.state = message.state
  panel.hidden = message.title === undefined
  title.textContent = message.title ?? ''
  text.textContent = message.text ?? ''
  choose.hidden = !message.canChoose
}

/** @param {() => void} onChoose */
export function whenChoosing(onChoose) {
  choose.addEventListener('click', onChoose)
}

/** @type {Message} */
export const READY = { state: 'ready' }

/** @type {Message} */
export const LOADING = { state: 'loading', title: 'Loading …' }

/** @type {Message} */
export const EMPTY = {
  state: 'empty',
  title: 'No candles yet',
  text: 'They appear here by themselves, within a minute or two after the first ticks.',
}

/**
 * @param {View} view
 * @returns {Message}
 */
export function nothing({ symbol, timeframe }) {
  return {
    state: 'nothing',
    title: `No ${timeframe} candles of ${symbol} yet`,
    text: 'They appear here by themselves.',
  }
}

/**
 * @param {Instrument} instrument
 * @returns {Message}
 */
export function unknown({ source, symbol }) {
  const text = `There are no candles of “${symbol}” from “${source}”. They appear here by themselves once there are.`
  return { state: 'unknown', title: 'No such symbol', text, canChoose: true }
}

/**
 * The message for an error that came instead of candles.
 *
 * @param {unknown} error
 * @returns {Message}
 */
export function trouble(error) {
  if (!(error instanceof Refused))
    return { state: 'away', title: 'The server does not answer', text: 'Trying again …' }
  const text = error.message
  if (error.status < 500) return { state: 'refused', title: 'That is not to be had', text, canChoose: true }
  return { state: 'away', title: 'The candles are out of reach', text }
}
