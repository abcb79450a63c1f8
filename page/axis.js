import { defaultHorzScaleBehavior } from './lightweight-charts.js'
import { markText } from './moments.js'
import { zoneOf } from './zone.js'

/** @import { TickMark, UTCTimestamp } from './lightweight-charts.js' */

/** lightweight-charts' weights of marks on the time axis, by the unit of time that begins there. */
const YEAR = 70
const MONTH = 60
const DAY = 50
const TIMES = /** @type {const} */ ([
  [43_200_000, 33],
  [21_600_000, 32],
  [10_800_000, 31],
  [3_600_000, 30],
  [1_800_000, 22],
  [300_000, 21],
  [60_000, 20],
])

/** A time axis with marks at the beginnings of days and hours of a time zone. lightweight-charts itself has UTC alone. */
export class ZonedAxis extends defaultHorzScaleBehavior() {
  zone = zoneOf('UTC')

  /**
   * @override
   * @param {readonly { timeWeight: any, readonly originalTime: unknown }[]} points
   * @param {number} startIndex
   */
  fillWeightsForPoints(points, startIndex) {
    for (let at = startIndex; at < points.length; at++) {
      const point = points[at]
      if (point) point.timeWeight = this.#weight(points[at - 1]?.originalTime, point.originalTime)
    }
  }

  /**
   * @override
   * @param {TickMark} mark
   */
  formatTickmark({ originalTime, weight }) {
    const wall = this.#wall(originalTime)
    const kind = weight >= YEAR ? 'year' : weight >= MONTH ? 'month' : weight >= DAY ? 'day' : 'time'
    return markText(wall, kind)
  }

  /**
   * @param {unknown} before
   * @param {unknown} time
   */
  #weight(before, time) {
    if (before === undefined) return 0
    const [a, b] = [this.#wall(before), this.#wall(time)]
    if (a.getUTCFullYear() !== b.getUTCFullYear()) return YEAR
    if (a.getUTCMonth() !== b.getUTCMonth()) return MONTH
    if (a.getUTCDate() !== b.getUTCDate()) return DAY
    const has = (/** @type {typeof TIMES[number]} */ [lengthMs]) =>
      Math.floor(a.getTime() / lengthMs) !== Math.floor(b.getTime() / lengthMs)
    return TIMES.find(has)?.[1] ?? 0
  }

  /** @param {unknown} time */
  #wall(time) {
    return this.zone.wall(/** @type {UTCTimestamp} */ (time) * 1000)
  }
}
