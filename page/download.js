/**
 * Downloads a file to the visitor's machine.
 *
 * @param {string} name
 * @param {Blob} content
 */
export function download(name, content) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  // By then the browser has read it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/**
 * A file name that every system accepts: other characters of the parts are replaced.
 *
 * @param {readonly string[]} parts
 * @param {string} extension
 */
export function fileName(parts, extension) {
  const safe = parts.map(part => part.replace(/[^\p{L}\p{N}._-]+/gu, '_').replace(/^[._]+|[._]+$/g, ''))
  return `${safe.filter(Boolean).join('-').slice(0, 100) || 'candles'}.${extension}`
}

const HEAD = 44

/**
 * Adds a line of text above the chart's picture, which says what it shows.
 *
 * @param {HTMLCanvasElement} picture
 * @param {{ title: string, details: string }} text
 * @param {{ surface: string, ink: string, muted: string }} colours
 * @param {string} font
 * @returns {Promise<Blob>}
 */
export async function titled(picture, { title, details }, { surface, ink, muted }, font) {
  const scale = window.devicePixelRatio || 1
  const canvas = document.createElement('canvas')
  canvas.width = picture.width
  canvas.height = picture.height + HEAD * scale
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'))
  context.fillStyle = surface
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(picture, 0, HEAD * scale)
  context.scale(scale, scale)
  context.textBaseline = 'middle'
  context.fillStyle = ink
  context.font = `600 15px ${font}`
  context.fillText(title, 14, HEAD / 2)
  const width = context.measureText(title).width
  context.fillStyle = muted
  context.font = `12px ${font}`
  context.fillText(details, 14 + width + 12, HEAD / 2 + 1)
  return new Promise((resolve, reject) => {
    canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error('the picture is too large'))), 'image/png')
  })
}
