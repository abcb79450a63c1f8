import { shortDay } from './moments.js'
import { changeText } from './prices.js'
import { bucketStart } from './timeframes.js'

/** @import { Candle } from './api.js' */

/** @typedef {{ text: string, name: string, isUp: boolean }} DayChange */

/**
 * The change of the newest day (UTC) with ticks. It is measured from the close of the last day with a candle before it; without
 * one, from the day's own open. `name` says which: `vs Mon close`.
 *
 * @param {readonly Candle[]} daily the newest D1 candles, oldest first
 * @param {number} price the newest one
 * @param {number} nowMs
 * @returns {DayChange | undefined}
 */
export function dayChange(daily, price, nowMs) {
  const [before, day] = [daily.at(-2), daily.at(-1)]
  if (day === undefined) return undefined
  const isToday = Date.parse(day.dateTime) === bucketStart(nowMs, 'D1')
  const since = before === undefined ? day.open : before.close
  const sinceName =
    before === undefined
      ? `${isToday ? 'today’s' : nameOf(day, nowMs)} open`
      : `${nameOf(before, nowMs)} close`
  const text = changeText(since, price)
  if (text === '') return undefined
  return {
    text,
    name: isToday ? `vs ${sinceName}` : `${nameOf(day, nowMs)} vs ${sinceName}`,
    isUp: price >= since,
  }
}

/**
 * The day's name within a week, else its date.
 *
 * @param {Candle} day
 * @param {number} nowMs
 */
function nameOf({ dateTime }, nowMs) {
  const timeMs = Date.parse(dateTime)
  return nowMs - timeMs < 7 * 86_400_000 ? shortDay(new Date(timeMs)) : dateTime.slice(0, 10)
}
