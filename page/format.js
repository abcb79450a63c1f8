/** @import { Candle } from './api.js' */

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const MOST_DIGITS = 9

/**
 * A bucket's start, as precise as its timeframe, in UTC: `Tue 24 Nov 2026 14:31`, `Tue 24 Nov 2026`, `Nov 2026`.
 *
 * @param {number} timeMs
 * @param {string} timeframe
 */
export function bucketText(timeMs, timeframe) {
  const time = new Date(timeMs)
  const month = `${MONTHS[time.getUTCMonth()]} ${time.getUTCFullYear()}`
  if (timeframe.startsWith('M')) return month
  const day = `${WEEKDAYS[time.getUTCDay()]} ${time.getUTCDate()} ${month}`
  return isLong(timeframe) ? day : `${day} ${time.toISOString().slice(11, 16)}`
}

/**
 * True for timeframes whose candles have no time of day.
 *
 * @param {string} timeframe
 */
export function isLong(timeframe) {
  return /^[DWM]/.test(timeframe)
}

/** The time of day, to the second: `14:31:07 UTC`. */
export function clockText(timeMs = Date.now()) {
  return `${new Date(timeMs).toISOString().slice(11, 19)} UTC`
}

/** @param {number} count */
export function countText(count) {
  return count.toLocaleString('en-US')
}

/**
 * How many decimals these candles are quoted with: as many as their prices have, within what a price scale can show.
 *
 * @param {readonly Candle[]} candles
 */
export function decimalsOf(candles) {
  let decimals = 2
  let highest = 0
  for (const { open, high, low, close } of candles) {
    for (const price of [open, high, low, close]) decimals = Math.max(decimals, decimalsIn(price))
    highest = Math.max(highest, Math.abs(high))
  }
  const whole = Math.max(1, Math.ceil(Math.log10(highest + 1)))
  return Math.max(0, Math.min(decimals, MOST_DIGITS - whole))
}

/** @param {number} price */
function decimalsIn(price) {
  const [digits = '', exponent = '0'] = String(price).split('e')
  return Math.max(0, (digits.split('.')[1] ?? '').length - Number(exponent))
}

/**
 * Prices with that many decimals.
 *
 * @param {number} decimals
 * @returns {(price: number) => string}
 */
export function priceFormat(decimals) {
  const format = new Intl.NumberFormat('en-US', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
  return price => format.format(price).replace('-', '−')
}

/**
 * A change in percent, with its sign.
 *
 * @param {number} from
 * @param {number} to
 */
export function changeText(from, to) {
  if (from === 0) return ''
  const percent = ((to - from) / Math.abs(from)) * 100
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(2)} %`
}
