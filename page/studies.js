/**
 * Studies of closing prices, one value for each, oldest first; undefined where there are not enough prices before.
 *
 * @typedef {(number | undefined)[]} Values
 */

/**
 * Simple moving average: the mean of the last `length` prices.
 *
 * @param {readonly number[]} prices
 * @param {number} length
 * @returns {Values}
 */
export function sma(prices, length) {
  return prices.map((_, at) => (at < length - 1 ? undefined : mean(prices, at, length)))
}

/**
 * Exponential moving average of weight 2 / (length + 1), which begins with the simple average of the first `length`.
 *
 * @param {readonly number[]} prices
 * @param {number} length
 * @returns {Values}
 */
export function ema(prices, length) {
  const weight = 2 / (length + 1)
  /** @type {number | undefined} */
  let last
  return prices.map((price, at) => {
    if (at < length - 1) return undefined
    last = last === undefined ? mean(prices, at, length) : last + (price - last) * weight
    return last
  })
}

/**
 * Bollinger bands: the simple average, and twice the standard deviation (of the population) above and below it.
 *
 * @param {readonly number[]} prices
 * @param {number} length
 * @returns {{ upper: Values, middle: Values, lower: Values }}
 */
export function bollinger(prices, length) {
  const middle = sma(prices, length)
  const width = middle.map((value, at) =>
    value === undefined ? 0 : 2 * deviation(prices, at, length, value),
  )
  /** @param {number} sign */
  const band = sign =>
    middle.map((value, at) => (value === undefined ? undefined : value + sign * (width[at] ?? 0)))
  return { upper: band(1), middle, lower: band(-1) }
}

/**
 * Relative strength index, 0 to 100, with Wilder's averages: they begin with the mean of the first `length` changes.
 *
 * @param {readonly number[]} prices
 * @param {number} length
 * @returns {Values}
 */
export function rsi(prices, length) {
  let gain = 0
  let loss = 0
  return prices.map((price, at) => {
    if (at === 0) return undefined
    const change = price - /** @type {number} */ (prices[at - 1])
    const keep = at <= length ? 1 : (length - 1) / length
    gain = gain * keep + Math.max(0, change) / length
    loss = loss * keep + Math.max(0, -change) / length
    if (at < length) return undefined
    return gain + loss === 0 ? 50 : (100 * gain) / (gain + loss)
  })
}

/**
 * The mean of the `length` prices that end at the index `last`.
 *
 * @param {readonly number[]} prices
 * @param {number} last
 * @param {number} length
 */
function mean(prices, last, length) {
  let sum = 0
  for (let at = last - length + 1; at <= last; at++) sum += /** @type {number} */ (prices[at])
  return sum / length
}

/**
 * @param {readonly number[]} prices
 * @param {number} last
 * @param {number} length
 * @param {number} middle their mean
 */
function deviation(prices, last, length, middle) {
  let sum = 0
  for (let at = last - length + 1; at <= last; at++) {
    const price = /** @type {number} */ (prices[at])
    sum += (price - middle) ** 2
  }
  return Math.sqrt(sum / length)
}
