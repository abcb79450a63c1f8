import type { Candle, CandleKey } from '../market/candle.ts'

/** All that a candle says, as text. */
export function contentsText(candle: Candle): string {
  const { open, high, low, close, volume, closed, revision, updatedAtUs } = candle
  return `${open} ${high} ${low} ${close} ${volume} ${closed} ${revision} ${updatedAtUs}`
}

/** The value of a message on a candle topic, read as a consumer reads it; undefined for one that is no candle. */
export function candleOf(value: Uint8Array): Candle | undefined {
  const fields = parse(value)
  if (typeof fields !== 'object' || fields === null) return undefined
  const { dateTime, updatedAt, ...rest } = fields as Record<string, unknown>
  const dateTimeUs = microseconds(dateTime)
  const updatedAtUs = microseconds(updatedAt)
  if (dateTimeUs === undefined || updatedAtUs === undefined) return undefined
  return { ...(rest as unknown as Candle), dateTimeUs, updatedAtUs }
}

/** The key of a message on a candle topic, `["SOURCE_1","BNBUSD","2025-03-20T14:31:00.000000Z"]`; undefined for another. */
export function keyOf(key: Uint8Array | null, timeframe: string): CandleKey | undefined {
  const parts = key === null ? undefined : parse(key)
  if (!Array.isArray(parts) || parts.length !== 3) return undefined
  const [source, symbol, dateTime] = parts
  const dateTimeUs = microseconds(dateTime)
  if (typeof source !== 'string' || typeof symbol !== 'string' || dateTimeUs === undefined) return undefined
  return { source, symbol, timeframe, dateTimeUs }
}

function parse({ buffer, byteOffset, byteLength }: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString())
  } catch {
    return undefined
  }
}

/** Of `2025-03-20T14:31:28.000000Z`. */
function microseconds(text: unknown): number | undefined {
  const parts = /^(.+\.\d{3})(\d{3})Z$/.exec(String(text))
  if (parts === null) return undefined
  const timeUs = Date.parse(`${parts[1]}Z`) * 1000 + Number(parts[2])
  return Number.isSafeInteger(timeUs) ? timeUs : undefined
}
