/** @import { Candle } from './api.js' */
/** @import { StudyLine } from './layers.js' */
/** @import { Compared } from './compared.js' */
/** @import { PriceFormat } from './prices.js' */

/**
 * Candles with their layers as rows of numbers, for a table or a file.
 *
 * @typedef {{ name: string, text: (value: number) => string }} Column
 * @typedef {{ candle: Candle, values: (number | undefined)[] }} Row `values` has one value for each column
 * @typedef {{ columns: Column[], rows: Row[] }} Rows
 */

/**
 * @param {object} shown
 * @param {readonly Candle[]} shown.candles
 * @param {readonly StudyLine[]} shown.lines
 * @param {PriceFormat} shown.prices
 * @param {Compared | undefined} shown.compared
 * @param {{ first: number, last: number }} visible
 * @returns {Rows}
 */
export function rowsOf({ candles, lines, prices, compared }, { first, last }) {
  const studies = lines.map(line => studyColumn(line, prices))
  const others = compared ? [{ ...textsOf(compared.name, compared.prices), values: compared.closes }] : []
  const columns = [...studies, ...others]
  const rows = candles.slice(first, last + 1).map((candle, offset) => {
    return { candle, values: columns.map(({ values }) => values[first + offset]) }
  })
  return { columns, rows }
}

/**
 * The column of a study; its values are formatted as prices, except for RSI.
 *
 * @param {StudyLine} line
 * @param {PriceFormat} prices
 */
export function studyColumn({ label, pane, values }, prices) {
  if (pane === 'rsi') return { name: label, text: (/** @type {number} */ value) => value.toFixed(2), values }
  const real = values.map(value => (value === undefined ? undefined : prices.fromChart(value)))
  return { ...textsOf(label, prices), values: real }
}

/**
 * @param {string} name
 * @param {PriceFormat} prices
 */
function textsOf(name, prices) {
  return { name, text: (/** @type {number} */ value) => prices.text(value) }
}

/**
 * The rows as a file of comma-separated values (RFC 4180): numbers in full, times in UTC.
 *
 * @param {Rows} rows
 */
export function csvOf({ columns, rows }) {
  const head = [
    'dateTime',
    'open',
    'high',
    'low',
    'close',
    'volume',
    'closed',
    'revision',
    ...columns.map(({ name }) => name),
  ]
  const lines = rows.map(({ candle, values }) => {
    const { dateTime, open, high, low, close, volume, closed, revision } = candle
    return [dateTime, open, high, low, close, volume, closed, revision, ...values.map(value => value ?? '')]
  })
  return `${[head, ...lines].map(line => line.map(field).join(',')).join('\r\n')}\r\n`
}

/**
 * One field. Producers choose the names: one that a spreadsheet would run as a formula is written as a text.
 *
 * @param {string | number | boolean} value
 */
function field(value) {
  if (typeof value !== 'string') return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
