const NAMES = /** @type {const} */ ([
  ...[
    'ink',
    'muted',
    'line',
    'surface',
    'up',
    'down',
    'up-body',
    'down-body',
    'up-faint',
    'down-faint',
    'open-body',
  ],
  ...['study-1', 'study-2', 'study-3', 'study-4', 'study-5', 'study-6', 'compare'],
])

/** @typedef {Record<typeof NAMES[number], string>} Colours */

const FORCED = matchMedia('(forced-colors: active)')

/** True in forced colours: the system sets them, and lines differ by their dashes. */
export function areColoursForced() {
  return FORCED.matches
}

/**
 * The present colours of the style sheet, in a form that a canvas takes.
 *
 * @returns {Colours}
 */
export function readColours() {
  const probe = document.createElement('i')
  probe.className = 'colour-probe'
  document.body.append(probe)
  const found = NAMES.map(name => {
    probe.style.color = `var(--${name})`
    return [name, getComputedStyle(probe).color]
  })
  probe.remove()
  return Object.fromEntries(found)
}
