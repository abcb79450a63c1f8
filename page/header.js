import { find, make } from './dom.js'

/** @import { Candle, View } from './api.js' */
/** @import { DayChange } from './day.js' */
/** @import { PriceFormat } from './prices.js' */

const symbolName = find('#symbol-name', HTMLElement)
const symbolSource = find('#symbol-source', HTMLElement)
const timeframes = find('#timeframes', HTMLElement)
const lastPrice = find('#price', HTMLOutputElement)
const change = find('#change', HTMLElement)
const changeSize = find('#change-size', HTMLElement)
const changeName = find('#change-name', HTMLElement)
/** The timeframe that is shown. */
let current = ''

/**
 * Makes a button for each timeframe, unless they exist.
 *
 * @param {readonly string[]} names
 * @param {(timeframe: string) => void} onChoice
 */
export function offerTimeframes(names, onChoice) {
  if (timeframes.childElementCount === names.length) return
  const buttons = names.map(name => {
    const button = make('button', name)
    button.type = 'button'
    button.addEventListener('click', () => onChoice(name))
    return button
  })
  timeframes.replaceChildren(...buttons)
  markTimeframe()
}

/** @param {View} view */
export function showView({ source, symbol, timeframe }) {
  symbolName.textContent = symbol
  symbolSource.textContent = source
  lastPrice.textContent = ''
  change.hidden = true
  current = timeframe
  markTimeframe()
}

function markTimeframe() {
  for (const button of timeframes.querySelectorAll('button')) {
    const isCurrent = button.textContent === current
    button.setAttribute('aria-pressed', String(isCurrent))
    if (isCurrent) button.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }
}

/**
 * Shows the newest price, in the header and in the tab's title.
 *
 * @param {View} view
 * @param {Candle} newest
 * @param {PriceFormat} prices
 */
export function showPrice({ symbol, timeframe }, { close }, prices) {
  const text = prices.text(close)
  lastPrice.textContent = text
  document.title = `${text} ${symbol} ${timeframe}`
}

/** @param {DayChange | undefined} day */
export function showDay(day) {
  change.hidden = day === undefined
  if (day === undefined) return
  changeSize.textContent = day.text
  changeSize.className = day.isUp ? 'up' : 'down'
  changeName.textContent = day.name
  change.title = `Change of the day, UTC: ${day.name}`
}
