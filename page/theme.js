import { keep } from './storage.js'

const SYSTEM_IS_DARK = matchMedia('(prefers-color-scheme: dark)')
const COLOURS_ARE_FORCED = matchMedia('(forced-colors: active)')
const root = document.documentElement

/** Changes between light and dark, and remembers it. */
export function toggleTheme() {
  const isDark = root.dataset.theme === undefined ? SYSTEM_IS_DARK.matches : root.dataset.theme === 'dark'
  root.dataset.theme = isDark ? 'light' : 'dark'
  keep('theme', root.dataset.theme)
}

/**
 * Calls back after each change, by hand or of the system.
 *
 * @param {() => void} onChange
 */
export function whenThemeChanges(onChange) {
  SYSTEM_IS_DARK.addEventListener('change', onChange)
  COLOURS_ARE_FORCED.addEventListener('change', onChange)
  new MutationObserver(onChange).observe(root, { attributeFilter: ['data-theme'] })
}
