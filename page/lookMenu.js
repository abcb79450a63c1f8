import { find, make } from './dom.js'
import { lengthsOf, SCALES, STUDIES, STYLES, USUAL } from './look.js'
import { EXCHANGE_ZONES } from './zone.js'

/** @import { Look } from './look.js' */

/** The controls of the look. */
export class LookMenu {
  #zone = find('#zone', HTMLSelectElement)
  #volume = find('#volume', HTMLInputElement)
  #compared = find('#compared', HTMLElement)
  #comparedName = find('#compared-name', HTMLElement)
  /** @type {Look} */
  #look = USUAL
  #onChange

  /** @param {(look: Look) => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange
    offerZones(this.#zone)
    this.#zone.addEventListener('change', () => this.#change({ zone: this.#zone.value }))
    this.#volume.addEventListener('change', () => this.#change({ volume: this.#volume.checked }))
    for (const style of STYLES)
      find(`#style-${style}`, HTMLInputElement).addEventListener('change', () => this.#change({ style }))
    for (const scale of SCALES)
      document.querySelector(`#scale-${scale}`)?.addEventListener('click', () => this.toggleScale(scale))
    for (const { name, usual } of STUDIES) {
      const { box, lengths } = studyControls(name)
      const take = () => this.#takeStudy(name, usual)
      box.addEventListener('change', take)
      lengths.addEventListener('change', () => {
        box.checked = true
        take()
      })
    }
    find('#compare-end', HTMLButtonElement).addEventListener('click', () =>
      this.#change({ compare: undefined }),
    )
  }

  /** @param {Look} look */
  show(look) {
    this.#look = look
    find(`#style-${look.style}`, HTMLInputElement).checked = true
    this.#volume.checked = look.volume
    if (![...this.#zone.options].some(({ value }) => value === look.zone))
      this.#zone.append(new Option(look.zone, look.zone))
    this.#zone.value = look.zone
    for (const scale of SCALES)
      document.querySelector(`#scale-${scale}`)?.setAttribute('aria-pressed', String(scale === look.scale))
    for (const { name, usual } of STUDIES) {
      const { box, lengths } = studyControls(name)
      box.checked = look.studies[name].length > 0
      lengths.value = look.studies[name].join(', ') || lengths.value || String(usual)
    }
    this.#compared.hidden = look.compare === undefined
    this.#comparedName.textContent = look.compare?.symbol ?? ''
  }

  /** @param {Look['scale']} scale the new scale; the default one again if it is chosen already */
  toggleScale(scale) {
    this.#change({ scale: this.#look.scale === scale ? USUAL.scale : scale })
  }

  toggleVolume() {
    this.#change({ volume: !this.#look.volume })
  }

  nextStyle() {
    this.#change({ style: STYLES[(STYLES.indexOf(this.#look.style) + 1) % STYLES.length] ?? USUAL.style })
  }

  /**
   * @param {keyof Look['studies']} name
   * @param {number} usual
   */
  #takeStudy(name, usual) {
    const { box, lengths } = studyControls(name)
    const wanted = lengthsOf(lengths.value)
    const chosen = wanted.length > 0 ? wanted : [usual]
    lengths.value = chosen.join(', ')
    this.#change({ studies: { ...this.#look.studies, [name]: box.checked ? chosen : [] } })
  }

  /** @param {Partial<Look>} change */
  #change(change) {
    this.#onChange({ ...this.#look, ...change })
  }
}

/** @param {keyof Look['studies']} name */
function studyControls(name) {
  return {
    box: find(`#study-${name}`, HTMLInputElement),
    lengths: find(`#study-${name}-lengths`, HTMLInputElement),
  }
}

/** @param {HTMLSelectElement} select */
function offerZones(select) {
  const exchanges = make('optgroup')
  exchanges.label = 'Exchanges'
  exchanges.append(...EXCHANGE_ZONES.map(([zone, label]) => new Option(label, zone)))
  const all = make('optgroup')
  all.label = 'All time zones'
  const offered = new Set(EXCHANGE_ZONES.map(([zone]) => zone))
  const others = Intl.supportedValuesOf('timeZone').filter(
    zone => zone !== 'UTC' && !offered.has(/** @type {any} */ (zone)),
  )
  all.append(...others.map(zone => new Option(zone.replaceAll('_', ' '), zone)))
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone
  const local = new Option('Local', 'local')
  local.title = own
  select.replaceChildren(new Option('UTC', 'UTC'), local, exchanges, all)
}
