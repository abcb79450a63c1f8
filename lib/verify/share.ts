/**
 * A part of all symbols: what does not fit into memory at once is verified share by share. Symbol `[source, symbol]`
 * belongs to one of `count` shares, told by its hash.
 */
export interface Share {
  readonly index: number
  readonly count: number
}

/** So many that the rows of each have room. */
export function sharesFor(rows: number, rowsAtOnce: number): Share[] {
  const count = Math.max(1, Math.ceil(rows / rowsAtOnce))
  return Array.from({ length: count }, (_, index) => ({ index, count }))
}

/** True for the symbols of the share. */
export function isInShare({ index, count }: Share, source: string, symbol: string): boolean {
  return count === 1 || hash(`${source}\n${symbol}`) % count === index
}

/** FNV-1a over UTF-16 units: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}
