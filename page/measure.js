import { find } from './dom.js'
import { lengthText } from './moments.js'
import { changeText } from './prices.js'

/** @import { Candle } from './api.js' */
/** @import { CandleChart } from './chart.js' */
/** @import { PriceFormat } from './prices.js' */

/** @typedef {{ index: number, price: number }} Point a candle, and a price */

/**
 * The distance of two points in words: price, percent, candles and time.
 *
 * @param {Point} start
 * @param {Point} end
 * @param {readonly Candle[]} candles
 * @param {PriceFormat} prices
 */
export function measureText(start, end, candles, prices) {
  const change = end.price - start.price
  const sign = change < 0 ? '−' : '+'
  const bars = end.index - start.index
  const [from, to] = [candles[start.index], candles[end.index]].map(candle =>
    Date.parse(candle?.dateTime ?? ''),
  )
  const long = from === undefined || to === undefined ? 0 : Math.abs(to - from)
  const percent = changeText(start.price, end.price)
  const size = `${sign}${prices.chartText(prices.toChart(Math.abs(change)))}${percent && ` (${percent})`}`
  return `${size} · ${bars < 0 ? '−' : ''}${Math.abs(bars)} ${Math.abs(bars) === 1 ? 'bar' : 'bars'} · ${lengthText(long)}`
}

/** Measures the distance of two points of the chart, set by dragging or by the keyboard's crosshair. */
export class Measure {
  #area = find('#measure', HTMLElement)
  #box = find('#measure-box', HTMLElement)
  #label = find('#measure-label', HTMLElement)
  #chart
  #describe
  #button = find('#tool-measure', HTMLButtonElement)
  /** @type {Point | undefined} */
  #start
  /** @type {Point | undefined} */
  #end
  #isDragging = false

  /**
   * @param {CandleChart} chart
   * @param {(start: Point, end: Point) => string} describe
   */
  constructor(chart, describe) {
    this.#chart = chart
    this.#describe = describe
    this.#area.addEventListener('pointerdown', event => this.#drag(event))
    this.#area.addEventListener('pointermove', event => this.#move(event))
    this.#area.addEventListener('pointerup', () => this.#drop())
    this.#area.addEventListener('pointercancel', () => this.end())
  }

  get isOn() {
    return !this.#area.hidden
  }

  /**
   * Begins to measure, with the keyboard's candle as the start if there is one.
   *
   * @param {Point | undefined} start
   */
  begin(start) {
    this.end()
    this.#start = start
    this.#area.hidden = false
    this.#button.ariaPressed = 'true'
    this.#label.textContent = start ? 'Move with ← and →' : 'Drag over the chart'
  }

  /** @param {Point} point where the keyboard points now */
  reach(point) {
    this.#start ??= point
    this.#end = point
    this.redraw()
  }

  end() {
    this.#start = undefined
    this.#end = undefined
    this.#isDragging = false
    this.#area.hidden = true
    this.#area.classList.remove('done')
    this.#box.hidden = true
    this.#button.ariaPressed = 'false'
    this.#label.textContent = ''
  }

  /** Draws the box at the present place of its points. */
  redraw() {
    if (this.#start === undefined || this.#end === undefined) return
    const [a, b] = [this.#chart.placeOf(this.#start), this.#chart.placeOf(this.#end)]
    if (a === undefined || b === undefined) return this.end()
    const { style } = this.#box
    style.left = `${Math.min(a.x, b.x)}px`
    style.top = `${Math.min(a.y, b.y)}px`
    style.width = `${Math.abs(a.x - b.x)}px`
    style.height = `${Math.abs(a.y - b.y)}px`
    this.#box.className = this.#end.price >= this.#start.price ? 'is-up' : 'is-down'
    this.#box.hidden = false
    this.#label.textContent = this.#describe(this.#start, this.#end)
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (this.#area.classList.contains('done')) return this.end()
    this.#area.setPointerCapture(event.pointerId)
    this.#start = this.#chart.at(event.offsetX, event.offsetY)
    this.#end = undefined
    this.#isDragging = true
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#isDragging) return
    this.#end = this.#chart.at(event.offsetX, event.offsetY)
    this.redraw()
  }

  /** The measure stays until the next touch, key or move. */
  #drop() {
    if (!this.#isDragging) return
    this.#isDragging = false
    if (this.#end === undefined) this.end()
    else this.#area.classList.add('done')
  }
}
