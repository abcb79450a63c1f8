/**
 * Reads a text from the browser's storage; null where there is none, or where storage is forbidden.
 *
 * @param {string} name
 */
export function kept(name) {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
export function keep(name, text) {
  try {
    localStorage.setItem(name, text)
  } catch {
    // The visitor may have forbidden storage: the next visit then begins with the defaults.
  }
}
