import type { Candle } from '../market/candle.ts'

/** All that a candle says, as text. */
export function contentsText(candle: Candle): string {
  const { open, high, low, close, volume, closed, revision, updatedAtUs } = candle
  return `${open} ${high} ${low} ${close} ${volume} ${closed} ${revision} ${updatedAtUs}`
}

/** A message of a candle topic, read as a consumer reads it; undefined for one that is no candle. */
export function candleOf(value: Uint8Array | null): Candle | undefined {
  if (value === null) return undefined
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString())
  } catch {
    return undefined
  }
  const { dateTime, updatedAt, ...rest } = fields
  const dateTimeUs = microseconds(dateTime)
  const updatedAtUs = microseconds(updatedAt)
  if (dateTimeUs === undefined || updatedAtUs === undefined) return undefined
  return { ...(rest as unknown as Candle), dateTimeUs, updatedAtUs }
}

/** Of `2025-03-20T14:31:28.000000Z`. */
function microseconds(text: unknown): number | undefined {
  const parts = /^(.+\.\d{3})(\d{3})Z$/.exec(String(text))
  if (parts === null) return undefined
  const timeUs = Date.parse(`${parts[1]}Z`) * 1000 + Number(parts[2])
  return Number.isSafeInteger(timeUs) ? timeUs : undefined
}
