const HIGHEST_CODE_POINT = 0x10ffff
const SURROGATES_FROM = 0xd800
const SURROGATES_TO = 0xdfff

/**
 * Negative, 0 or positive: the order of the strings' UTF-8 bytes, which Iceberg and Parquet compare by.
 * JavaScript's `<` compares UTF-16 units and puts emoji before the code points U+E000 to U+FFFF.
 */
export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let i = 0; i < length; i++) {
    const a = left.charCodeAt(i)
    const b = right.charCodeAt(i)
    if (a !== b) return rank(a) - rank(b)
  }
  return left.length - right.length
}

/** UTF-16 units in the order of the code points that they belong to: surrogates last. */
function rank(unit: number): number {
  return unit >= SURROGATES_FROM && unit <= SURROGATES_TO ? unit + 0x10000 : unit
}

/** The first `length` code points: never above the text itself. */
export function truncateDown(text: string, length: number): string {
  if (text.length <= length) return text
  return Array.from(text).slice(0, length).join('')
}

/** A text of at most `length` code points that is never below the one given, or undefined when there is none. */
export function truncateUp(text: string, length: number): string | undefined {
  const points = Array.from(text)
  if (points.length <= length) return text
  const kept = points.slice(0, length)
  while (kept.length > 0) {
    const last = kept.pop()?.codePointAt(0) ?? HIGHEST_CODE_POINT
    if (last < HIGHEST_CODE_POINT) return kept.join('') + String.fromCodePoint(nextScalar(last))
  }
  return undefined
}

function nextScalar(codePoint: number): number {
  const next = codePoint + 1
  return next >= SURROGATES_FROM && next <= SURROGATES_TO ? SURROGATES_TO + 1 : next
}
