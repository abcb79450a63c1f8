const C1 = 0xcc9e2d51
const C2 = 0x1b873593

/** The 32-bit Murmur3 hash (x86, seed 0) as a signed number. https://iceberg.apache.org/spec/#appendix-b-32-bit-hash-requirements */
export function murmur3(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length & ~3
  let hash = 0
  for (let i = 0; i < whole; i += 4) {
    hash = Math.imul(rotate(hash ^ mix(view.getInt32(i, true)), 13), 5) + 0xe6546b64
  }
  let rest = 0
  for (let i = bytes.length - 1; i >= whole; i--) rest = (rest << 8) | (bytes[i] ?? 0)
  if (bytes.length > whole) hash ^= mix(rest)
  hash ^= bytes.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function mix(word: number): number {
  return Math.imul(rotate(Math.imul(word, C1), 15), C2)
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
