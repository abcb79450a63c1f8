import { find, make } from './dom.js'
import { countText } from './prices.js'
import { recentInstruments } from './recent.js'
import { InstrumentIndex } from './search.js'

/** @import { Instrument } from './api.js' */

/** Entries that are added to the list at a time, as scrolling and keys need them. */
const CHUNK = 60

/** A dialog to choose a symbol by words of its name or its source. */
export class Picker {
  #dialog = find('#picker', HTMLDialogElement)
  #input = find('input', HTMLInputElement, this.#dialog)
  #list = find('#choices', HTMLElement, this.#dialog)
  #recent = find('#recent', HTMLElement, this.#dialog)
  #rest = find('p', HTMLParagraphElement, this.#dialog)
  #index = new InstrumentIndex([])
  /** Instruments that match the text. @type {readonly Instrument[]} */
  #fitting = []
  /** The indices of the first one in the list, and of the one after the last. */
  #from = 0
  #to = 0
  /** The index of the one that Enter chooses. */
  #at = 0
  /** @type {(instrument: Instrument) => void} */
  #onChoice = () => {}

  constructor() {
    this.#input.addEventListener('input', () => this.#narrow(0))
    this.#input.addEventListener('keydown', event => this.#key(event))
    this.#list.addEventListener('scroll', () => this.#extend(), { passive: true })
    this.#list.addEventListener('click', ({ target }) => {
      const item = target instanceof Element ? target.closest('[role=option]') : null
      if (item) this.#choose(this.#fitting[this.#from + [...this.#list.children].indexOf(item)])
    })
    this.#dialog.addEventListener('click', ({ target }) => {
      if (target === this.#dialog) this.#dialog.close()
    })
  }

  /**
   * Opens at the current symbol.
   *
   * @param {InstrumentIndex} index
   * @param {Instrument | undefined} current
   * @param {{ title: string, onChoice: (instrument: Instrument) => void }} purpose
   */
  open(index, current, { title, onChoice }) {
    this.#onChoice = onChoice
    this.#dialog.ariaLabel = title
    this.#input.placeholder = title
    this.#input.value = ''
    this.#index = index
    const others = recentInstruments().filter(recent => !isSame(recent, current) && index.has(recent))
    this.#recent.hidden = others.length === 0
    this.#recent.replaceChildren(make('span', 'Recent'), ...others.map(recent => this.#chip(recent)))
    this.#dialog.showModal()
    this.#narrow(
      Math.max(
        0,
        index.find('').findIndex(of => isSame(of, current)),
      ),
    )
  }

  /**
   * Replaces the instruments while the dialog is open.
   *
   * @param {InstrumentIndex} index
   */
  offer(index) {
    if (!this.#dialog.open) return
    const marked = this.#fitting[this.#at]
    this.#index = index
    this.#narrow(0, marked)
  }

  /** @param {Instrument} instrument */
  #chip(instrument) {
    const chip = make('button', instrument.symbol)
    chip.type = 'button'
    chip.title = `${instrument.symbol} of ${instrument.source}`
    chip.addEventListener('click', () => this.#choose(instrument))
    return chip
  }

  /**
   * @param {number} at
   * @param {Instrument} [marked] marked instead, if it still matches
   */
  #narrow(at, marked) {
    const recent = recentInstruments()
    const isRecent = (/** @type {Instrument} */ of) => recent.some(one => isSame(one, of))
    this.#fitting = this.#index.find(this.#input.value, isRecent)
    const count = this.#fitting.length
    this.#rest.textContent =
      count === 0
        ? 'No symbol has that in its name.'
        : `${countText(count)} ${count === 1 ? 'symbol' : 'symbols'}`
    const found = marked === undefined ? -1 : this.#fitting.findIndex(of => isSame(of, marked))
    this.#show(found < 0 ? at : found)
  }

  /**
   * Marks an entry, and makes the list around it.
   *
   * @param {number} at
   */
  #show(at) {
    this.#from = Math.max(0, at - CHUNK)
    this.#to = Math.min(this.#fitting.length, at + CHUNK)
    this.#list.replaceChildren(...this.#choices(this.#from, this.#to))
    this.#at = at
    this.#mark(at)
  }

  #extend() {
    const { scrollTop, scrollHeight, clientHeight } = this.#list
    if (scrollTop + clientHeight > scrollHeight - clientHeight && this.#to < this.#fitting.length) {
      const to = Math.min(this.#fitting.length, this.#to + CHUNK)
      this.#list.append(...this.#choices(this.#to, to))
      this.#to = to
    } else if (scrollTop < clientHeight && this.#from > 0) {
      const from = Math.max(0, this.#from - CHUNK)
      this.#list.prepend(...this.#choices(from, this.#from))
      this.#from = from
      this.#list.scrollTop = scrollTop + this.#list.scrollHeight - scrollHeight
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key]
    if (steps !== undefined) this.#mark(this.#at + steps)
    else if (event.key === 'Enter') this.#choose(this.#fitting[this.#at])
    else return
    event.preventDefault()
  }

  /** @param {number} wanted */
  #mark(wanted) {
    const at = Math.max(0, Math.min(wanted, this.#fitting.length - 1))
    if (at < this.#from || at >= this.#to) {
      if (this.#fitting.length > 0) this.#show(at)
      return
    }
    this.#list.children[this.#at - this.#from]?.setAttribute('aria-selected', 'false')
    this.#at = at
    const item = this.#list.children[at - this.#from]
    item?.setAttribute('aria-selected', 'true')
    item?.scrollIntoView({ block: 'nearest' })
    if (item) this.#input.setAttribute('aria-activedescendant', item.id)
    else this.#input.removeAttribute('aria-activedescendant')
  }

  /** @param {Instrument | undefined} instrument */
  #choose(instrument) {
    if (instrument === undefined) return
    this.#dialog.close()
    this.#onChoice(instrument)
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  #choices(from, to) {
    return this.#fitting.slice(from, to).map(({ source, symbol }, offset) => {
      const item = make('div')
      item.id = `choice-${from + offset}`
      item.role = 'option'
      item.ariaSelected = 'false'
      item.ariaSetSize = String(this.#fitting.length)
      item.ariaPosInSet = String(from + offset + 1)
      item.append(make('span', symbol, 'symbol'), make('span', source, 'source'))
      return item
    })
  }
}

/**
 * @param {Instrument} a
 * @param {Instrument | undefined} b
 */
function isSame(a, b) {
  return a.source === b?.source && a.symbol === b.symbol
}
