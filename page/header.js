import { find, make } from './dom.js'

/** @import { Candle, View } from './api.js' */

const symbolName = find('#symbol-name', HTMLElement)
const symbolSource = find('#symbol-source', HTMLElement)
const timeframes = find('#timeframes', HTMLElement)
const lastPrice = find('#price', HTMLOutputElement)
const link = find('#link', HTMLElement)

/**
 * A button for each timeframe, unless they are there.
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
}

/** @param {View} view */
export function showView({ source, symbol, timeframe }) {
  symbolName.textContent = symbol
  symbolSource.textContent = source
  lastPrice.textContent = ''
  for (const button of timeframes.querySelectorAll('button')) {
    const isCurrent = button.textContent === timeframe
    button.setAttribute('aria-pressed', String(isCurrent))
    if (isCurrent) button.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }
}

/**
 * The newest price, here and in the tab's title.
 *
 * @param {View} view
 * @param {Candle} newest
 * @param {(price: number) => string} price
 */
export function showPrice({ symbol, timeframe }, { open, close }, price) {
  lastPrice.textContent = price(close)
  lastPrice.className = close >= open ? 'up' : 'down'
  document.title = `${price(close)} ${symbol} ${timeframe}`
}

/** @param {'live' | 'away' | 'waiting'} state whether the candles are kept up with */
export function showLink(state) {
  link.dataset.link = state
  link.textContent = { live: 'Live', away: 'Not reached, trying again', waiting: '' }[state]
}
