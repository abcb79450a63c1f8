import { type Micros, readDateTime } from './time.ts'

const [QUOTE, BACKSLASH, BLANK, DELETE] = [0x22, 0x5c, 0x20, 0x7f]
const [MINUS, POINT, ZERO, NINE] = [0x2d, 0x2e, 0x30, 0x39]

/** Of a text: as many as a tick's name may have. The table of known texts keeps what is read, and long ones would fill the memory. */
const MAX_CHARACTERS = 64

/** These are exact, and so the quotient of an exact number and one of them is the double that is nearest. */
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent)

/**
 * Walks through a JSON document that is written plainly: ASCII without escapes, in short texts, numbers without an exponent and
 * of no more digits than a double holds, no blanks but spaces. At anything else it gives up, and never is `isAtEnd`: that may
 * be JSON all the same.
 */
export class PlainJson {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** True when the whole document was read. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  /** Passes the mark, and spaces behind it; false when it is not what stands here. */
  passMark(mark: number): boolean {
    if (this.#bytes[this.#at] !== mark) return false
    this.#goTo(this.#at + 1)
    return true
  }

  /** As `passMark`, of several characters. */
  passWord(word: Uint8Array): boolean {
    const bytes = this.#bytes
    const from = this.#at
    for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word[i]) return false
    this.#goTo(from + word.length)
    return true
  }

  readText(): string {
    const bytes = this.#bytes
    const from = this.#at + 1
    if (bytes[from - 1] !== QUOTE) return this.giveUp('')
    let hash = 0
    let to = from
    for (let byte = bytes[to]; byte !== QUOTE; byte = bytes[++to]) {
      if (byte === undefined || byte < BLANK || byte >= DELETE || byte === BACKSLASH) return this.giveUp('')
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    if (to - from > MAX_CHARACTERS) return this.giveUp('')
    this.#goTo(to + 1)
    return textOf(bytes, from, to, hash)
  }

  /** A date and time, as `parseIsoDateTime` reads it. */
  readTime(): Micros {
    const bytes = this.#bytes
    const from = this.#at + 1
    let to = from
    while (to < bytes.length && bytes[to] !== QUOTE) to++
    const timeUs = bytes[from - 1] === QUOTE && to < bytes.length ? readDateTime(bytes, from, to) : undefined
    if (timeUs === undefined) return this.giveUp(Number.NaN)
    this.#goTo(to + 1)
    return timeUs
  }

  readNumber(): number {
    const sign = this.#passSign()
    let digits = this.#readWhole()
    let decimals = 0
    if (this.#bytes[this.#at] === POINT) {
      const from = ++this.#at
      digits = this.#readDigits(digits)
      decimals = this.#at - from
      if (decimals === 0) return this.giveUp(Number.NaN)
    }
    return (sign * this.#ended(digits)) / (POWERS_OF_TEN[decimals] ?? this.giveUp(Number.NaN))
  }

  readInteger(): number {
    const sign = this.#passSign()
    // There is no integer −0.
    return sign * this.#ended(this.#readWhole()) + 0
  }

  /** Reads no further. */
  giveUp<Value>(value: Value): Value {
    this.#at = Number.POSITIVE_INFINITY
    return value
  }

  #passSign(): number {
    if (this.#bytes[this.#at] !== MINUS) return 1
    this.#at++
    return -1
  }

  #readWhole(): number {
    const from = this.#at
    const digits = this.#readDigits(0)
    const count = this.#at - from
    return count === 1 || (count > 1 && this.#bytes[from] !== ZERO) ? digits : Number.NaN
  }

  /** The number whose digits are those of `before` and the ones that stand here. */
  #readDigits(before: number): number {
    const bytes = this.#bytes
    let digits = before
    let at = this.#at
    for (let byte = bytes[at]; byte !== undefined && byte >= ZERO && byte <= NINE; byte = bytes[++at]) {
      digits = digits * 10 + (byte - ZERO)
    }
    this.#at = at
    return digits
  }

  #ended(digits: number): number {
    this.#goTo(this.#at)
    return digits <= Number.MAX_SAFE_INTEGER ? digits : this.giveUp(Number.NaN)
  }

  #goTo(at: number): void {
    this.#at = at
    while (this.#bytes[this.#at] === BLANK) this.#at++
  }
}

/** Texts that were read before, by their hash: the same come again and again, and need not be made anew each time. */
const KNOWN_TEXTS: string[] = new Array(4096).fill('')

function textOf(bytes: Uint8Array, from: number, to: number, hash: number): string {
  const place = hash & (KNOWN_TEXTS.length - 1)
  const known = KNOWN_TEXTS[place]!
  if (isSame(known, bytes, from, to)) return known
  const text = Buffer.from(bytes.subarray(from, to)).toString('latin1')
  KNOWN_TEXTS[place] = text
  return text
}

function isSame(text: string, bytes: Uint8Array, from: number, to: number): boolean {
  if (text.length !== to - from) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false
  return true
}
