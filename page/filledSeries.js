/** @import { ISeriesApi, SeriesDataItemTypeMap, SeriesType, UTCTimestamp } from './lightweight-charts.js' */

/** More points than this are set together. */
const MAX_UPDATES = 10

/** @typedef {{ time: UTCTimestamp, value?: number | undefined, color?: string }} Point of any kind of series */

/**
 * A series of the chart, and how many points it has: to ask it for them would copy them all.
 *
 * @template {SeriesType} Kind
 */
export class FilledSeries {
  /** @readonly */
  series
  #length = 0

  /** @param {ISeriesApi<Kind>} series */
  constructor(series) {
    this.series = series
  }

  /**
   * Gives it the points that have changed: those from `from` on.
   *
   * @param {number} from
   * @param {number} length of all points
   * @param {(at: number) => Point} point
   */
  fill(from, length, point) {
    const known = this.#length
    const get = /** @type {(at: number) => SeriesDataItemTypeMap[Kind]} */ (point)
    this.#length = length
    if (from === 0 || from > known || length < known || length - from > MAX_UPDATES)
      this.series.setData(Array.from({ length }, (_, at) => get(at)))
    else for (let at = from; at < length; at++) this.series.update(get(at), at < known - 1)
  }

  clear() {
    this.#length = 0
    this.series.setData([])
  }
}
