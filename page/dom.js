/**
 * Finds the one element of that kind. Throws when there is none: then the page itself is wrong.
 *
 * @template {Element} Kind
 * @param {string} selector
 * @param {new () => Kind} kind
 * @param {ParentNode} within
 * @returns {Kind}
 */
export function find(selector, kind, within = document) {
  const element = within.querySelector(selector)
  if (element instanceof kind) return element
  throw new Error(`the page has no ${kind.name} ${selector}`)
}

/**
 * A new element with text in it.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} text
 * @param {string} className
 */
export function make(tag, text = '', className = '') {
  const element = document.createElement(tag)
  element.textContent = text
  if (className) element.className = className
  return element
}
