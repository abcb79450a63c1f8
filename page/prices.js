/** @import { Candle } from './api.js' */

/** The most digits of a price. A small price has at least MIN_SIGNIFICANT significant ones. */
const MAX_DIGITS = 9
const MIN_SIGNIFICANT = 6
/** Prices outside these two are written with a power of ten. */
const SMALLEST_PLAIN = 1e-7
const LARGEST_PLAIN = 1e12
/** Decimals of a price with a power of ten. */
const MIN_MANTISSA_DECIMALS = 5
const MAX_MANTISSA_DECIMALS = 8
/** The newest candles, whose prices determine the precision. */
const CANDLES_LOOKED_AT = 300

/**
 * The format of one symbol's prices. All have the same number of decimals, so that they can be compared, and very small or
 * large ones the same power of ten (`1.50000e−9`).
 */
export class PriceFormat {
  decimals
  /** The chart draws prices divided by 10^`exponent`, as it cannot compute with very small and large numbers. */
  exponent
  #format

  /**
   * @param {number} decimals
   * @param {number} exponent
   */
  constructor(decimals, exponent = 0) {
    this.decimals = decimals
    this.exponent = exponent
    this.#format = numberFormat(decimals)
  }

  /**
   * The format that these candles need.
   *
   * @param {readonly Candle[]} candles
   */
  static of(candles) {
    const prices = candles
      .slice(-CANDLES_LOOKED_AT)
      .flatMap(({ open, high, low, close }) => [open, high, low, close])
    const sizes = prices.map(Math.abs).filter(size => size > 0)
    const highest = candles.reduce((most, { high, low }) => Math.max(most, Math.abs(high), Math.abs(low)), 0)
    const lowest = sizes.reduce((least, size) => Math.min(least, size), Number.POSITIVE_INFINITY)
    if (highest >= LARGEST_PLAIN || (highest > 0 && highest < SMALLEST_PLAIN)) {
      const exponent = exponentOf(highest)
      const quoted = Math.max(
        ...sizes.map(size => digitsAfter(size) + exponent - exponentOf(size)),
        MIN_MANTISSA_DECIMALS,
      )
      return new PriceFormat(Math.min(quoted, MAX_MANTISSA_DECIMALS), exponent)
    }
    const quoted = prices.reduce((most, price) => Math.max(most, decimalsIn(price)), 2)
    const wholeDigits = Math.max(1, exponentOf(highest) + 1)
    const forLowest = sizes.length === 0 ? 0 : MIN_SIGNIFICANT - 1 - exponentOf(lowest)
    return new PriceFormat(Math.max(0, Math.min(quoted, Math.max(MAX_DIGITS - wholeDigits, forLowest), 20)))
  }

  /** The smallest step that the format shows, in the chart's scale. */
  get step() {
    return 10 ** -this.decimals
  }

  /** @param {number} price */
  text(price) {
    const value = this.toChart(price)
    return price === 0 || this.#holds(price, value) ? this.chartText(value) : alone(price)
  }

  /**
   * False for a price of a very different size than those the format was made for.
   *
   * @param {number} price
   * @param {number} value
   */
  #holds(price, value) {
    // Below half a step it would read as nothing.
    if (this.exponent === 0) return Math.abs(price) < LARGEST_PLAIN && Math.abs(price) >= this.step / 2
    return Math.abs(value) >= 0.001 && Math.abs(value) < 1_000
  }

  /**
   * Writes a price of the chart's scale.
   *
   * @param {number} value
   */
  chartText(value) {
    const text = this.#format(value)
    return this.exponent === 0 ? text : withPower(text, this.exponent)
  }

  /** @param {number} price */
  toChart(price) {
    return scaled(price, this.exponent)
  }

  /** @param {number} value */
  fromChart(value) {
    return scaled(value, -this.exponent)
  }

  /** @param {PriceFormat} other */
  equals(other) {
    return this.decimals === other.decimals && this.exponent === other.exponent
  }
}

/**
 * Writes a single price, with six significant digits.
 *
 * @param {number} price
 */
function alone(price) {
  const exponent = exponentOf(Math.abs(price))
  const isPlain = Math.abs(price) >= SMALLEST_PLAIN && Math.abs(price) < LARGEST_PLAIN
  return isPlain
    ? numberFormat(Math.max(2, MIN_SIGNIFICANT - 1 - exponent))(price)
    : withPower(numberFormat(MIN_MANTISSA_DECIMALS)(scaled(price, exponent)), exponent)
}

/** @param {number} count */
export function countText(count) {
  return count.toLocaleString('en-US')
}

/**
 * A change in percent, with its sign; empty when it starts from zero.
 *
 * @param {number} from
 * @param {number} to
 */
export function changeText(from, to) {
  const percent = (to / Math.abs(from) - Math.sign(from)) * 100
  if (!Number.isFinite(percent)) return ''
  return `${percent < 0 ? '−' : '+'}${percentSize(Math.abs(percent))} %`
}

/** @param {number} percent */
function percentSize(percent) {
  return percent < 1e6 ? numberFormat(2)(percent) : percent.toExponential(2).replace('e+', 'e')
}

/**
 * @param {string} text
 * @param {number} exponent
 */
function withPower(text, exponent) {
  return `${text}e${String(exponent).replace('-', '−')}`
}

/**
 * The price divided by 10^`exponent`, in two steps, as the power alone may be too large for a number.
 *
 * @param {number} price
 * @param {number} exponent
 */
function scaled(price, exponent) {
  if (exponent === 0) return price
  const half = Math.trunc(exponent / 2)
  return price / 10 ** half / 10 ** (exponent - half)
}

/** @param {number} size */
function exponentOf(size) {
  return size === 0 ? 0 : Number(size.toExponential().split('e')[1])
}

/**
 * The count of digits after the first one.
 *
 * @param {number} size
 */
function digitsAfter(size) {
  return (size.toExponential().split('e')[0] ?? '').replace('.', '').length - 1
}

/** @param {number} price */
function decimalsIn(price) {
  const [digits = '', exponent = '0'] = String(price).split('e')
  return Math.max(0, (digits.split('.')[1] ?? '').length - Number(exponent))
}

/** @param {number} decimals */
function numberFormat(decimals) {
  const fixed = Math.min(decimals, 100)
  const format = new Intl.NumberFormat('en-US', {
    minimumFractionDigits: fixed,
    maximumFractionDigits: fixed,
  })
  return (/** @type {number} */ value) => format.format(value).replace('-', '−')
}
