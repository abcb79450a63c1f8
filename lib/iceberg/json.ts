/** Any JSON value; integers beyond 2^53 are bigints. */
export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

interface ReviverContext {
  readonly source?: string
}

const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON

/** Reads JSON without losing a digit of an integer: those beyond 2^53 become bigints. Throws `SyntaxError`. */
export function parseJson(text: string): Json {
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown) as Json
}

function keepDigits(_key: string, value: unknown, context?: ReviverContext): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value
}

/** Writes JSON with bigints as plain numbers. Keys whose value is undefined are left out. */
export function stringifyJson(value: Json): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? rawJson(inner.toString()) : inner,
  )
}
