import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { z } from 'zod'
import { HourSet } from '../market/hours.ts'

/** Longer texts would grow the metadata, which lists hundreds of snapshots, with every commit. */
const MAX_TEXT_LENGTH = 4_096
/** A coarsened one leaves room: some days of it, half done, must not make it coarse again, as they would never be done. */
const MAX_COARSE_LENGTH = MAX_TEXT_LENGTH - 128
const WHOLE_DAY = 0xffffff
const BYTES_PER_DAY = 3
/** More days than lie between the years 1700 and 2250 are not of tickhouse's making. */
const MAX_DAYS = 250_000

/**
 * A set of hours as text: the first day since 1970, a comma, and the 24 bits of each day from it on, deflated, as base64;
 * an empty text for an empty set. What would be longer than 4 kB is coarsened: first to whole days, then to whole blocks of
 * 2, 4, 8 … days. So the text may stand for more hours than were given, and never for fewer.
 */
export function storeHours(hours: HourSet): string {
  const known = texts.get(hours) ?? shortText(hours)
  texts.set(hours, known)
  return known
}

/** To find a short text of many hours takes a while, and most commits leave a set as it was. */
const texts = new WeakMap<HourSet, string>()

function shortText(hours: HourSet): string {
  if (hours.isEmpty) return ''
  const exact = textOf(hours)
  if (exact.length <= MAX_TEXT_LENGTH) return exact
  for (let blockDays = 1; ; blockDays *= 2) {
    const text = textOf(wholeBlocks(hours, blockDays))
    if (text.length <= MAX_COARSE_LENGTH) return text
  }
}

/** What `storeHours` wrote. */
export const STORED_HOURS = z.string().transform((text, context): HourSet => {
  const parsed = parse(text)
  if (parsed !== undefined) {
    texts.set(parsed, text)
    return parsed
  }
  context.addIssue('not a set of hours')
  return z.NEVER
})

function textOf(hours: HourSet): string {
  const days = hours.days()
  const first = days[0]![0]
  const bytes = Buffer.alloc((days.at(-1)![0] - first + 1) * BYTES_PER_DAY)
  for (const [day, mask] of days) bytes.writeUIntLE(mask, (day - first) * BYTES_PER_DAY, BYTES_PER_DAY)
  return `${first},${deflateRawSync(bytes, { level: 9 }).toString('base64')}`
}

/** Every block of so many days that has an hour of the set, whole. */
function wholeBlocks(hours: HourSet, blockDays: number): HourSet {
  const masks = new Map<number, number>()
  for (const [day] of hours.days()) {
    const first = Math.floor(day / blockDays) * blockDays
    if (masks.has(first)) continue
    for (let each = first; each < first + blockDays; each++) masks.set(each, WHOLE_DAY)
  }
  return HourSet.ofMasks(masks)
}

function parse(text: string): HourSet | undefined {
  if (text === '') return HourSet.EMPTY
  const [, first, deflated] = /^(-?\d{1,6}),([A-Za-z0-9+/=]+)$/.exec(text) ?? []
  if (first === undefined || deflated === undefined) return undefined
  let bytes: Buffer
  try {
    bytes = inflateRawSync(Buffer.from(deflated, 'base64'), { maxOutputLength: MAX_DAYS * BYTES_PER_DAY })
  } catch {
    return undefined
  }
  if (bytes.length % BYTES_PER_DAY !== 0) return undefined
  const masks: [number, number][] = []
  for (let i = 0; i < bytes.length; i += BYTES_PER_DAY) {
    const mask = bytes.readUIntLE(i, BYTES_PER_DAY)
    if (mask !== 0) masks.push([Number(first) + i / BYTES_PER_DAY, mask])
  }
  return HourSet.ofMasks(masks)
}
