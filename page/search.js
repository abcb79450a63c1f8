/** @import { Instrument } from './api.js' */

/** @typedef {{ instrument: Instrument, symbol: string, source: string, words: readonly string[] }} Entry */

/** Ranks of a match, best first. */
const WHOLE_SYMBOL = 0
const SYMBOL_BEGINS = 1
const WORD_BEGINS = 2
const IN_SYMBOL = 3
const SOURCE_BEGINS = 4
const IN_SOURCE = 5
const ACROSS = 6

/** Finds instruments by words of their names, in any order. Accents, case and separators do not matter. */
export class InstrumentIndex {
  /** @type {readonly Entry[]} */
  #entries

  /** @param {readonly Instrument[]} instruments */
  constructor(instruments) {
    this.#entries = instruments.map(instrument => ({
      instrument,
      symbol: folded(instrument.symbol),
      source: folded(instrument.source),
      words: wordsOf(instrument.symbol),
    }))
  }

  /**
   * The instruments that match every word, best match first; without a word all of them, in their order.
   *
   * @param {string} text
   * @param {(instrument: Instrument) => boolean} isPreferred comes first among equal matches
   * @returns {Instrument[]}
   */
  find(text, isPreferred = () => false) {
    const words = wordsOf(text)
    if (words.length === 0) return this.#entries.map(({ instrument }) => instrument)
    const whole = words.join('')
    /** @type {{ entry: Entry, fit: number, at: number }[]} */
    const found = []
    for (const [at, entry] of this.#entries.entries()) {
      const fit = fitOf(entry, words, whole)
      if (fit !== undefined) found.push({ entry, fit: fit - (isPreferred(entry.instrument) ? 0.5 : 0), at })
    }
    found.sort((a, b) => a.fit - b.fit || a.entry.symbol.length - b.entry.symbol.length || a.at - b.at)
    return found.map(({ entry }) => entry.instrument)
  }

  /** @param {Instrument} wanted */
  has(wanted) {
    return this.#entries.some(
      ({ instrument: is }) => is.source === wanted.source && is.symbol === wanted.symbol,
    )
  }

  /**
   * The instrument that a loosely written name means: the same name, else the same without accents, case and separators.
   *
   * @param {Partial<Instrument>} wanted
   * @returns {Instrument | undefined}
   */
  nearest({ source, symbol }) {
    const all = this.#entries
    const [foldedSource, foldedSymbol] = [source, symbol].map(name =>
      name === undefined ? undefined : folded(name),
    )
    /** @type {((entry: Entry) => boolean)[]} */
    const rules = [
      ({ instrument: is }) => (source ?? is.source) === is.source && (symbol ?? is.symbol) === is.symbol,
      is => (foldedSource ?? is.source) === is.source && (foldedSymbol ?? is.symbol) === is.symbol,
    ]
    return rules.map(rule => all.find(rule)).find(entry => entry !== undefined)?.instrument
  }
}

/**
 * The best rank of an entry: of all words as one (`btc usdt` for BTCUSDT), or of each word by itself.
 *
 * @param {Entry} entry
 * @param {readonly string[]} words
 * @param {string} whole
 * @returns {number | undefined}
 */
function fitOf(entry, words, whole) {
  const asOne = fitOfWord(entry, whole)
  if (words.length === 1 || (asOne !== undefined && asOne <= SYMBOL_BEGINS)) return asOne
  let sum = 0
  for (const word of words) {
    const fit = fitOfWord(entry, word)
    if (fit === undefined) return asOne
    sum += fit
  }
  return Math.min(asOne ?? ACROSS, ACROSS, WORD_BEGINS + sum / words.length / 10)
}

/**
 * @param {Entry} entry
 * @param {string} word
 */
function fitOfWord({ symbol, source, words }, word) {
  if (symbol === word) return WHOLE_SYMBOL
  if (symbol.startsWith(word)) return SYMBOL_BEGINS
  if (words.some(one => one.startsWith(word))) return WORD_BEGINS
  if (symbol.includes(word)) return IN_SYMBOL
  if (source.startsWith(word)) return SOURCE_BEGINS
  if (source.includes(word)) return IN_SOURCE
  return `${symbol}${source}`.includes(word) || `${source}${symbol}`.includes(word) ? ACROSS : undefined
}

/** @param {string} text */
function wordsOf(text) {
  return plain(text).split(SEPARATORS).filter(Boolean)
}

/** @param {string} text */
function folded(text) {
  return plain(text).replace(SEPARATORS, '')
}

/** Spaces, punctuation and signs, but not emoji. */
const SEPARATORS = /[\p{Z}\p{P}\p{Sm}\p{Sk}\s]+/gu

/** @param {string} text */
function plain(text) {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}
