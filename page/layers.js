import { areColoursForced } from './colours.js'
import { FilledSeries } from './filledSeries.js'
import { HistogramSeries, LineSeries, LineStyle, PriceScaleMode } from './lightweight-charts.js'
import { STUDIES } from './look.js'
import { countText } from './prices.js'
import { bollinger, ema, rsi, sma } from './studies.js'

/** @import { Candle } from './api.js' */
/** @import { Colours } from './colours.js' */
/** @import { IChartApiBase, ISeriesApi, Time, UTCTimestamp } from './lightweight-charts.js' */
/** @import { Look, StudyName } from './look.js' */
/** @import { Values } from './studies.js' */

/**
 * One line of a study: of `Bollinger 20` that labelled `Bollinger 20 upper`.
 *
 * @typedef {{ name: string, study: string, label: string, pane: 'price' | 'rsi', colour: keyof Colours, dash: number, values: Values }} StudyLine
 */

/** The volume's share of the chart's height. */
const VOLUME_SHARE = 0.18
const RSI_SHARE = 0.2
const COLOURS = /** @type {const} */ (['study-1', 'study-2', 'study-3', 'study-4', 'study-5', 'study-6'])
const DASHES = [
  LineStyle.Solid,
  LineStyle.Dashed,
  LineStyle.Dotted,
  LineStyle.LargeDashed,
  LineStyle.SparseDotted,
]

/** @type {Record<StudyName, (prices: readonly number[], length: number) => Record<string, Values>>} */
const COMPUTE = {
  sma: (prices, length) => ({ '': sma(prices, length) }),
  ema: (prices, length) => ({ '': ema(prices, length) }),
  bollinger: (prices, length) => {
    const { upper, middle, lower } = bollinger(prices, length)
    return { upper, middle, lower }
  },
  rsi: (prices, length) => ({ '': rsi(prices, length) }),
}

/**
 * The lines of all studies, computed from these prices.
 *
 * @param {Look['studies']} studies
 * @param {readonly number[]} prices
 * @returns {StudyLine[]}
 */
export function studyLines(studies, prices) {
  /** @type {StudyLine[]} */
  const lines = []
  let colours = 0
  for (const { name, label } of STUDIES) {
    for (const length of studies[name]) {
      const colour = COLOURS[colours++ % COLOURS.length] ?? 'study-1'
      for (const [part, values] of Object.entries(COMPUTE[name](prices, length))) {
        const pane = name === 'rsi' ? 'rsi' : 'price'
        const dash = areColoursForced() ? colours % DASHES.length : part === 'middle' ? 1 : 0
        const study = `${label} ${length}`
        lines.push({
          name: `${name}${length}${part}`,
          study,
          label: part ? `${study} ${part}` : study,
          pane,
          colour,
          dash,
          values,
        })
      }
    }
  }
  return lines
}

/** The layers beside the candles: volume, studies of the closes, and another symbol's closes. */
export class Layers {
  #chart
  /** Series by name. @type {Map<string, FilledSeries<'Line'> | FilledSeries<'Histogram'>>} */
  #series = new Map()
  /** The names of the present series, as one text. */
  #arranged = ''

  /** @param {IChartApiBase<Time>} chart */
  constructor(chart) {
    this.#chart = chart
  }

  /**
   * Draws what changed: from the candle at `from` on.
   *
   * @param {object} drawing
   * @param {readonly Candle[]} drawing.candles
   * @param {readonly StudyLine[]} drawing.lines
   * @param {readonly (number | undefined)[] | undefined} drawing.compared closes of another symbol, one for each candle
   * @param {boolean} drawing.volume
   * @param {Colours} drawing.colours
   * @param {number} from
   */
  draw({ candles, lines, compared, volume, colours }, from) {
    const isNew = this.#arrange(lines, compared !== undefined, volume, colours)
    const start = isNew ? 0 : from
    const times = candles.map(secondsOf)
    if (volume) {
      this.#series.get('volume')?.fill(start, candles.length, at => {
        const { open, close, volume: value } = /** @type {Candle} */ (candles[at])
        const color = close >= open ? colours['up-faint'] : colours['down-faint']
        return { time: /** @type {UTCTimestamp} */ (times[at]), value, color }
      })
    }
    /** @param {readonly (number | undefined)[]} values */
    const point = values => (/** @type {number} */ at) => {
      const time = /** @type {UTCTimestamp} */ (times[at])
      const value = values[at]
      return value === undefined ? { time } : { time, value }
    }
    for (const { name, values } of lines) this.#series.get(name)?.fill(start, candles.length, point(values))
    if (compared) this.#series.get('compare')?.fill(0, candles.length, point(compared))
  }

  clear() {
    for (const filled of this.#series.values()) filled.clear()
  }

  /**
   * Makes the series, unless they exist. True when they are new.
   *
   * @param {readonly StudyLine[]} lines
   * @param {boolean} isCompared
   * @param {boolean} volume
   * @param {Colours} colours
   */
  #arrange(lines, isCompared, volume, colours) {
    const wanted = JSON.stringify([lines.map(({ name, dash }) => [name, dash]), isCompared, volume, colours])
    if (wanted === this.#arranged) return false
    this.#arranged = wanted
    for (const { series } of this.#series.values()) this.#chart.removeSeries(series)
    this.#series.clear()
    const rsiLines = lines.filter(({ pane }) => pane === 'rsi')
    if (volume) this.#addVolume(1)
    const rsiPane = volume ? 2 : 1
    for (const line of lines) this.#addLine(line, line.pane === 'rsi' ? rsiPane : 0, colours)
    if (isCompared)
      this.#add('compare', this.#chart.addSeries(LineSeries, { ...QUIET, color: colours.compare }))
    const panes = this.#chart.panes()
    const shares = [...(volume ? [VOLUME_SHARE] : []), ...(rsiLines.length > 0 ? [RSI_SHARE] : [])]
    panes[0]?.setStretchFactor(1 - shares.reduce((sum, share) => sum + share, 0))
    for (const [at, share] of shares.entries()) panes[at + 1]?.setStretchFactor(share)
    return true
  }

  /** @param {number} pane */
  #addVolume(pane) {
    const priceFormat = { type: /** @type {const} */ ('custom'), minMove: 1, formatter: countText }
    const options = { priceFormat, priceLineVisible: false, lastValueVisible: false }
    const series = this.#chart.addSeries(HistogramSeries, options, pane)
    series.priceScale().applyOptions({ mode: PriceScaleMode.Normal, scaleMargins: { top: 0.1, bottom: 0 } })
    this.#add('volume', series)
  }

  /**
   * @param {StudyLine} line
   * @param {number} pane
   * @param {Colours} colours
   */
  #addLine({ name, pane: kind, colour, dash }, pane, colours) {
    const options = {
      ...QUIET,
      color: colours[colour],
      lineStyle: DASHES[dash] ?? LineStyle.Solid,
    }
    const series = this.#chart.addSeries(
      LineSeries,
      kind === 'rsi' ? { ...options, ...WHOLE_RSI } : options,
      pane,
    )
    if (kind === 'rsi' && ![...this.#series.keys()].some(known => known.startsWith('rsi')))
      for (const price of [70, 30]) series.createPriceLine({ ...GUIDE, price, color: colours.muted })
    if (kind === 'rsi') series.priceScale().applyOptions({ mode: PriceScaleMode.Normal })
    this.#add(name, series)
  }

  /**
   * @template {'Line' | 'Histogram'} Kind
   * @param {string} name
   * @param {ISeriesApi<Kind>} series
   */
  #add(name, series) {
    this.#series.set(name, /** @type {FilledSeries<any>} */ (new FilledSeries(series)))
  }
}

const QUIET = {
  lineWidth: /** @type {const} */ (1),
  priceLineVisible: false,
  lastValueVisible: false,
  crosshairMarkerVisible: false,
}
const GUIDE = { lineWidth: /** @type {const} */ (1), lineStyle: LineStyle.Dotted, axisLabelVisible: false }
const WHOLE_RSI = {
  priceFormat: {
    type: /** @type {const} */ ('custom'),
    minMove: 1,
    formatter: (/** @type {number} */ value) => value.toFixed(0),
  },
  autoscaleInfoProvider: () => ({ priceRange: { minValue: 0, maxValue: 100 } }),
}
/** @param {Candle} candle */
export function secondsOf({ dateTime }) {
  return /** @type {UTCTimestamp} */ (Date.parse(dateTime) / 1000)
}
