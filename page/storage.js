/**
 * What the browser keeps under that name; null where it keeps nothing, or may not.
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
    // A visitor may forbid it: then the next visit begins anew.
  }
}
