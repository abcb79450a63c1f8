/** @import { Instrument } from './api.js' */

/**
 * The look of candles: style, scale and layers.
 *
 * @typedef {object} Look
 * @property {'candles' | 'bars' | 'line'} style
 * @property {'linear' | 'log' | 'percent'} scale
 * @property {boolean} volume
 * @property {string} zone `UTC`, `local`, or an IANA name
 * @property {Readonly<Record<StudyName, readonly number[]>>} studies the lengths of each, in candles
 * @property {Instrument | undefined} compare drawn beside the symbol
 *
 * @typedef {'sma' | 'ema' | 'bollinger' | 'rsi'} StudyName
 */

export const STYLES = /** @type {const} */ (['candles', 'bars', 'line'])
export const SCALES = /** @type {const} */ (['linear', 'log', 'percent'])

/** The studies, with their labels and default lengths. */
export const STUDIES = /** @type {const} */ ([
  { name: 'sma', label: 'SMA', title: 'Simple moving average', usual: 20 },
  { name: 'ema', label: 'EMA', title: 'Exponential moving average', usual: 20 },
  { name: 'bollinger', label: 'Bollinger', title: 'Bollinger bands, 2 σ', usual: 20 },
  { name: 'rsi', label: 'RSI', title: 'Relative strength index', usual: 14 },
])

const MIN_LENGTH = 2
const MAX_LENGTH = 500
/** The most lengths of one study. */
const MAX_LENGTHS = 3

/** @type {Look} */
export const USUAL = {
  style: 'candles',
  scale: 'linear',
  volume: true,
  zone: 'UTC',
  studies: { sma: [], ema: [], bollinger: [], rsi: [] },
  compare: undefined,
}

/**
 * Reads the lengths in a text such as `20, 50`; anything else is left out.
 *
 * @param {string} text
 * @returns {number[]}
 */
export function lengthsOf(text) {
  const lengths = text.split(/[\s,;]+/).filter(part => /^\d{1,4}$/.test(part))
  const within = lengths.map(Number).filter(length => length >= MIN_LENGTH && length <= MAX_LENGTH)
  return [...new Set(within)].slice(0, MAX_LENGTHS)
}

/**
 * Reads the look from the parameters of an address. Missing or wrong ones have the default value.
 *
 * @param {URLSearchParams} query
 * @returns {Look}
 */
export function readLook(query) {
  const compared = query.get('compare')
  return {
    style: STYLES.find(style => style === query.get('style')) ?? USUAL.style,
    scale: SCALES.find(scale => scale === query.get('scale')) ?? USUAL.scale,
    volume: query.get('volume') !== 'off',
    zone: query.get('zone') || USUAL.zone,
    studies: {
      sma: lengthsOf(query.get('sma') ?? ''),
      ema: lengthsOf(query.get('ema') ?? ''),
      bollinger: lengthsOf(query.get('bollinger') ?? ''),
      rsi: lengthsOf(query.get('rsi') ?? ''),
    },
    compare: compared
      ? { symbol: compared, source: query.get('compareSource') ?? query.get('source') ?? '' }
      : undefined,
  }
}

/**
 * Writes the look into a query, without default values.
 *
 * @param {Look} look
 * @param {URLSearchParams} query
 */
export function writeLook({ style, scale, volume, zone, studies, compare }, query) {
  if (style !== USUAL.style) query.set('style', style)
  if (scale !== USUAL.scale) query.set('scale', scale)
  if (!volume) query.set('volume', 'off')
  if (zone !== USUAL.zone) query.set('zone', zone)
  for (const { name } of STUDIES) if (studies[name].length > 0) query.set(name, studies[name].join(','))
  if (compare === undefined) return
  query.set('compare', compare.symbol)
  if (compare.source !== query.get('source')) query.set('compareSource', compare.source)
}
