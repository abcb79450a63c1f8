import { find, make } from './dom.js'
import { bucketText } from './moments.js'
import { countText } from './prices.js'

/** @import { PriceFormat } from './prices.js' */
/** @import { Rows } from './rows.js' */
/** @import { Zone } from './zone.js' */

/** The most rows, the newest ones. A CSV file has all of them. */
const MAX_ROWS = 500

/**
 * Shows the visible candles as a table, the newest first.
 *
 * @param {string} title
 * @param {Rows} shown
 * @param {string} timeframe
 * @param {PriceFormat} prices
 * @param {Zone} zone
 */
export function showTable(title, { columns, rows }, timeframe, prices, zone) {
  const dialog = find('#table', HTMLDialogElement)
  const newest = rows.slice(-MAX_ROWS).reverse()
  const head = make('tr')
  head.append(
    ...['Time', 'Open', 'High', 'Low', 'Close', 'Volume', 'State', ...columns.map(({ name }) => name)].map(
      columnHead,
    ),
  )
  const body = newest.map(({ candle, values }) => {
    const row = make('tr')
    const time = make('th', bucketText(Date.parse(candle.dateTime), timeframe, zone))
    time.scope = 'row'
    const { open, high, low, close, volume, closed } = candle
    const texts = [
      ...[open, high, low, close].map(price => prices.text(price)),
      countText(volume),
      closed ? 'closed' : 'open',
    ]
    const further = values.map((value, at) => (value === undefined ? '' : (columns[at]?.text(value) ?? '')))
    row.append(time, ...[...texts, ...further].map(text => make('td', text)))
    return row
  })
  find('h2', HTMLElement, dialog).textContent = title
  find('caption', HTMLElement, dialog).textContent = title
  find('thead', HTMLElement, dialog).replaceChildren(head)
  find('tbody', HTMLElement, dialog).replaceChildren(...body)
  dialog.showModal()
}

/** @param {string} name */
function columnHead(name) {
  const cell = make('th', name)
  cell.scope = 'col'
  return cell
}
