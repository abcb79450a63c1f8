const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING = new Set(['[', '{'].map(bracket => bracket.charCodeAt(0)))
const CLOSING = new Set([']', '}'].map(bracket => bracket.charCodeAt(0)))

/** True when more than `limit` arrays and objects of a JSON text lie in each other. */
export function isDeeperThan(limit: number, text: string): boolean {
  // Each of them takes two characters at least: most texts need no look.
  if (text.length <= 2 * limit) return false
  let depth = 0
  let inText = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) inText = !inText
    else if (code === BACKSLASH) i++
    else if (!inText && OPENING.has(code)) depth++
    else if (!inText && CLOSING.has(code)) depth--
    if (depth > limit) return true
  }
  return false
}
