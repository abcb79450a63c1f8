/** @import { ISeriesApi, SeriesDataItemTypeMap, SeriesType, UTCTimestamp } from './lightweight-charts.js' */

/** The most points that are updated one by one; more are set together. */
const MAX_UPDATES = 10

/** @typedef {{ time: UTCTimestamp, value?: number | undefined, color?: string }} Point a point of any kind of series */

/**
 * A series of the chart with the count of its points. The series itself could only give a copy of all points.
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
   * Updates the points from `from` on, the ones that have changed.
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
