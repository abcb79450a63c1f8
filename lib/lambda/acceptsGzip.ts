/**
 * True when an `Accept-Encoding` allows gzip, and does not prefer the plain text.
 * https://www.rfc-editor.org/rfc/rfc9110#field.accept-encoding
 */
export function acceptsGzip(acceptEncoding = ''): boolean {
  const weights = new Map(acceptEncoding.toLowerCase().split(',').map(weightOf))
  const gzip = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0
  return gzip > 0 && gzip >= (weights.get('identity') ?? 0)
}

/** Coding and weight of an entry such as `gzip;q=0.5`; a malformed weight counts as 0. */
function weightOf(entry: string): [coding: string, weight: number] {
  const [coding = '', ...parameters] = entry.split(';').map(part => part.trim())
  const weight = parameters.find(parameter => parameter.startsWith('q='))
  if (weight === undefined) return [coding, 1]
  return [coding, /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight.slice(2)) : 0]
}
