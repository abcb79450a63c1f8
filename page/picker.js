import { find, make } from './dom.js'
import { countText } from './format.js'

/** @import { Instrument } from './api.js' */

/** More would help nobody: a few letters narrow them down. */
const MOST_SHOWN = 100

/** A dialog to choose a symbol by typing a part of its name, or of its source's. */
export class Picker {
  #dialog = find('#picker', HTMLDialogElement)
  #input = find('input', HTMLInputElement, this.#dialog)
  #list = find('#choices', HTMLElement, this.#dialog)
  #rest = find('p', HTMLParagraphElement, this.#dialog)
  /** @type {readonly Instrument[]} */
  #all = []
  /** @type {readonly Instrument[]} */
  #shown = []
  #at = 0
  #onChoice

  /** @param {(instrument: Instrument) => void} onChoice */
  constructor(onChoice) {
    this.#onChoice = onChoice
    this.#input.addEventListener('input', () => this.#narrow(0))
    this.#input.addEventListener('keydown', event => this.#key(event))
    this.#list.addEventListener('click', ({ target }) => {
      const item = target instanceof Element ? target.closest('[role=option]') : null
      if (item) this.#choose([...this.#list.children].indexOf(item))
    })
    this.#dialog.addEventListener('click', ({ target }) => {
      if (target === this.#dialog) this.#dialog.close()
    })
  }

  /**
   * @param {readonly Instrument[]} instruments
   * @param {Instrument | undefined} current
   */
  open(instruments, current) {
    this.#input.value = ''
    this.offer(instruments)
    const at = this.#shown.findIndex(
      ({ source, symbol }) => source === current?.source && symbol === current.symbol,
    )
    this.#mark(Math.max(0, at))
    this.#dialog.showModal()
    this.#mark(this.#at)
  }

  /** @param {readonly Instrument[]} instruments */
  offer(instruments) {
    this.#all = instruments
    this.#narrow(this.#at)
  }

  /** @param {number} at */
  #narrow(at) {
    const wanted = this.#input.value.trim().toLowerCase()
    const matching = this.#all.filter(({ source, symbol }) =>
      `${symbol} ${source}`.toLowerCase().includes(wanted),
    )
    this.#shown = matching.slice(0, MOST_SHOWN)
    this.#list.replaceChildren(...this.#shown.map(choice))
    const more = matching.length - this.#shown.length
    this.#rest.textContent =
      matching.length === 0
        ? 'No symbol has that in its name.'
        : more > 0
          ? `${countText(more)} more: type a part of the name`
          : ''
    this.#mark(at)
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key]
    if (steps !== undefined) this.#mark(this.#at + steps)
    else if (event.key === 'Enter') this.#choose(this.#at)
    else return
    event.preventDefault()
  }

  /** @param {number} at */
  #mark(at) {
    this.#list.children[this.#at]?.removeAttribute('aria-selected')
    this.#at = Math.max(0, Math.min(at, this.#shown.length - 1))
    const item = this.#list.children[this.#at]
    item?.setAttribute('aria-selected', 'true')
    item?.scrollIntoView({ block: 'nearest' })
    this.#input.setAttribute('aria-activedescendant', item?.id ?? '')
  }

  /** @param {number} at */
  #choose(at) {
    const instrument = this.#shown[at]
    if (instrument === undefined) return
    this.#dialog.close()
    this.#onChoice(instrument)
  }
}

/**
 * @param {Instrument} instrument
 * @param {number} index
 */
function choice({ source, symbol }, index) {
  const item = make('div')
  item.id = `choice-${index}`
  item.role = 'option'
  item.append(make('span', symbol, 'symbol'), make('span', source, 'source'))
  return item
}
