const SLOT_MS = 900_000
const DAY_MS = 86_400_000

/** Zones at the top of the list, before all zones of the browser. */
export const EXCHANGE_ZONES = /** @type {const} */ ([
  ['America/New_York', 'New York'],
  ['America/Chicago', 'Chicago'],
  ['Europe/London', 'London'],
  ['Europe/Berlin', 'Frankfurt'],
  ['Asia/Kolkata', 'Mumbai'],
  ['Asia/Shanghai', 'Shanghai'],
  ['Asia/Hong_Kong', 'Hong Kong'],
  ['Asia/Singapore', 'Singapore'],
  ['Asia/Tokyo', 'Tokyo'],
  ['Australia/Sydney', 'Sydney'],
])

/** A time zone: how far its clocks are ahead of UTC at any moment. */
export class Zone {
  /** The name in the address: `UTC`, `local`, or an IANA name. */
  name
  /** The label of its clock: `UTC`, `New York`, `Local`. */
  label
  #format
  /** Offsets by day, or null for a day on which the clocks change. @type {Map<number, number | null>} */
  #days = new Map()

  /**
   * @param {string} name
   * @throws {RangeError} when the browser does not know the zone
   */
  constructor(name) {
    this.name = name
    this.label = labelOf(name)
    this.#format =
      name === 'UTC'
        ? undefined
        : new Intl.DateTimeFormat('en-US', {
            ...(name !== 'local' && { timeZone: name }),
            ...{ hourCycle: 'h23', era: 'short' },
            ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
            ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
          })
  }

  /**
   * A date whose UTC fields are the date and time in the zone at that moment.
   *
   * @param {number} timeMs
   */
  wall(timeMs) {
    return new Date(timeMs + this.offsetMs(timeMs))
  }

  /**
   * The moment at which the zone's clocks show a time; where they show it twice, the first.
   *
   * @param {number} wallMs the moment at which UTC has the same date and time
   */
  momentOf(wallMs) {
    const guess = wallMs - this.offsetMs(wallMs - DAY_MS)
    return this.offsetMs(guess) === wallMs - guess ? guess : wallMs - this.offsetMs(wallMs + DAY_MS)
  }

  /**
   * The zone's offset from UTC, positive when its clocks are ahead.
   *
   * @param {number} timeMs
   * @returns {number}
   */
  offsetMs(timeMs) {
    if (this.#format === undefined) return 0
    const day = Math.floor(timeMs / DAY_MS)
    let offset = this.#days.get(day)
    if (offset === undefined) {
      const atFirst = this.#offsetAt(day * DAY_MS)
      offset = atFirst === this.#offsetAt((day + 1) * DAY_MS) ? atFirst : null
      this.#days.set(day, offset)
    }
    return offset ?? this.#offsetAt(Math.floor(timeMs / SLOT_MS) * SLOT_MS)
  }

  /** @param {number} timeMs */
  #offsetAt(timeMs) {
    const parts = /** @type {Intl.DateTimeFormat} */ (this.#format).formatToParts(timeMs)
    const of = Object.fromEntries(parts.map(({ type, value }) => [type, value]))
    const year = of.era === 'BC' ? 1 - Number(of.year) : Number(of.year)
    const wall = new Date(0)
    wall.setUTCFullYear(year, Number(of.month) - 1, Number(of.day))
    wall.setUTCHours(Number(of.hour), Number(of.minute), Number(of.second))
    return wall.getTime() - Math.floor(timeMs / 1000) * 1000
  }
}

/**
 * The zone of that name, or UTC when there is none.
 *
 * @param {string} name
 */
export function zoneOf(name) {
  try {
    return new Zone(name)
  } catch {
    return new Zone('UTC')
  }
}

/** @param {string} name */
function labelOf(name) {
  if (name === 'local') return 'Local'
  const offered = EXCHANGE_ZONES.find(([zone]) => zone === name)
  return offered?.[1] ?? /** @type {string} */ (name.split('/').at(-1)).replaceAll('_', ' ')
}
