// https://parquet.apache.org/docs/file-format/data-pages/encodings/#PLAIN

/** Numbers are stored as they lie in memory, little-endian. */
export function plainWords(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
}

/** Booleans, 8 to a byte, the first one lowest. */
export function plainBits(bits: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(bits.length / 8))
  for (let i = 0; i < bits.length; i++) out[i >> 3] = (out[i >> 3] ?? 0) | ((bits[i] ?? 0) << (i & 7))
  return out
}

/** Each text as its length in bytes (4 bytes) and its UTF-8. */
export function plainTexts(texts: readonly string[]): Uint8Array {
  const out = Buffer.allocUnsafe(texts.reduce((total, text) => total + 4 + Buffer.byteLength(text), 0))
  let offset = 0
  for (const text of texts) {
    const length = out.write(text, offset + 4)
    out.writeUInt32LE(length, offset)
    offset += 4 + length
  }
  return out
}
