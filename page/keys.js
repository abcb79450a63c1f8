/**
 * Runs the action of a key, unless the focus is in a field or in an open dialog or menu, which need keys themselves.
 *
 * @param {Readonly<Record<string, (event: KeyboardEvent) => void>>} actions by `KeyboardEvent.key`, letters in lower case
 */
export function listenToKeys(actions) {
  document.addEventListener('keydown', event => {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      document.querySelector('dialog[open], [popover]:popover-open')
    )
      return
    if (isInField(event)) return
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (action === undefined) return
    event.preventDefault()
    action(event)
  })
}

/**
 * True for a key that a field takes. Until the next frame the focus is still in the field of a dialog that has been closed: that
 * one is not rendered, and takes none.
 *
 * @param {KeyboardEvent} event
 */
function isInField({ target }) {
  const isField = target instanceof HTMLSelectElement || target instanceof HTMLInputElement
  return isField && target.checkVisibility()
}
