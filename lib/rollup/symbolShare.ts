import { crc32 } from 'node:zlib'
import { integerLiteral } from '../trino/literals.ts'

/** One of `count` shares of all symbols, told by the checksum of their names; `count` is a power of two. */
export interface SymbolShare {
  readonly index: number
  readonly count: number
}

/** The share that is all symbols. */
export const ALL_SYMBOLS: SymbolShare = { index: 0, count: 1 }

/** True for the symbols of the share. */
export function isInShare({ index, count }: SymbolShare, symbol: string): boolean {
  return count === 1 || (crc32(symbol) & (count - 1)) === index
}

/** The same as a predicate on the column `symbol`. */
export function shareSql({ index, count }: SymbolShare): string {
  if (count === 1) return 'true'
  const [share, mask] = [index, count - 1].map(integerLiteral)
  return `bitwise_and(crc32(to_utf8(symbol)), ${mask}) = ${share}`
}
