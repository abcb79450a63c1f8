/** The time that a browser may keep a preflight's answer; Chromium's maximum. */
const REMEMBERED_S = 7_200

/**
 * Headers that let a page of another origin read an answer. `allowed` lists the origins; `*` stands for all.
 * https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function corsHeaders(
  allowed: readonly string[],
  origin: string | undefined,
): Readonly<Record<string, string>> {
  if (allowed.length === 0) return {}
  const isOpen = allowed.includes('*')
  const vary = isOpen ? {} : { vary: 'origin' }
  if (!isOpen && (origin === undefined || !allowed.includes(origin))) return vary
  return {
    'access-control-allow-origin': isOpen ? '*' : origin!,
    'access-control-expose-headers': 'etag, retry-after',
    ...vary,
  }
}

/** The headers of a preflight's answer beside `corsHeaders`. */
export function preflightHeaders(
  allowed: readonly string[],
  origin: string | undefined,
  methods: string,
): Readonly<Record<string, string>> {
  const isAllowed = 'access-control-allow-origin' in corsHeaders(allowed, origin)
  if (!isAllowed) return {}
  return {
    'access-control-allow-methods': methods,
    'access-control-allow-headers': 'if-none-match',
    'access-control-max-age': String(REMEMBERED_S),
  }
}
