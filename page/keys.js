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
    if (event.target instanceof HTMLSelectElement || event.target instanceof HTMLInputElement) return
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (action === undefined) return
    event.preventDefault()
    action(event)
  })
}
