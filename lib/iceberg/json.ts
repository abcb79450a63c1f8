/** Any JSON value; integers beyond 2^53 are bigints. */
export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

/** Reads JSON without losing a digit of an integer: those beyond 2^53 become bigints. Throws `SyntaxError`. */
export function parseJson(text: string): Json {
  return JSON.parse(text, keepDigits)
}

function keepDigits(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value
}

/** Writes JSON with bigints as plain numbers. Keys whose value is undefined are left out. */
export function stringifyJson(value: Json): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? JSON.rawJSON(inner.toString()) : inner,
  )
}
