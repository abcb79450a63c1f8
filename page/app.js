import { readAddress, writeAddress } from './address.js'
import { readCatalogue } from './api.js'
import { find } from './dom.js'
import { clockText } from './format.js'
import { offerTimeframes, showLink } from './header.js'
import { keepUp } from './keepUp.js'
import { listenToKeys, showKeys } from './keys.js'
import { EMPTY, LOADING, nothing, READY, say, trouble, unknown, whenChoosing } from './message.js'
import { Picker } from './picker.js'
import { Screen } from './screen.js'
import { Session } from './session.js'
import { toggleTheme, whenThemeChanges } from './theme.js'

/** @import { Catalogue, View } from './api.js' */

const CATALOGUE_EVERY_MS = 2_000
const CATALOGUE_WITHIN_MS = 25_000
/** Older candles are fetched while no more than so many are still out of sight. */
const LOAD_AHEAD = 300
const SETTLED_AFTER_MS = 250
/** Of the view's width, at a key. */
const PAN_SHARE = 0.1
const ZOOM = 1.25

/** @type {Catalogue} */
let catalogue = { timeframes: [], symbols: [] }
/** @type {View | undefined} */
let view
/** @type {Session | undefined} */
let session
let stopWaiting = () => {}
/** @type {ReturnType<typeof setTimeout> | undefined} */
let settling

const screen = new Screen(() => {
  loadAhead()
  clearTimeout(settling)
  settling = setTimeout(writeMoment, SETTLED_AFTER_MS)
})
const { chart } = screen
const picker = new Picker(({ source, symbol }) => {
  const timeframe = view?.timeframe ?? catalogue.timeframes[0]
  if (timeframe) go({ source, symbol, timeframe })
})

/**
 * Goes to another symbol or timeframe, at the moment where the view is.
 *
 * @param {View} next
 */
function go(next) {
  writeAddress({ ...next, until: screen.until }, 'push')
  openAddress()
}

/** @param {View} next */
function open(next) {
  leave()
  view = next
  screen.begin(next)
  showLink('waiting')
  say(LOADING)
  writeAddress({ ...next, until: screen.until }, 'replace')
  session = new Session(next, screen.until, {
    onCandles: candles => {
      screen.show(next, candles)
      showLink('live')
      say(READY)
      loadAhead()
    },
    onNothing: () => {
      showLink('live')
      say(nothing(next))
    },
    onTrouble: error => {
      const message = trouble(error)
      showLink(message.state === 'away' ? 'away' : 'live')
      if (screen.isEmpty) say(message)
    },
  })
}

/** Opens what the address names, and waits for it where there are no candles of it yet. */
function openAddress() {
  leave()
  screen.until = readAddress().until
  if (openWanted()) return
  stopWaiting = keepUp(CATALOGUE_EVERY_MS, async signal => {
    try {
      catalogue = await readCatalogue(signal)
    } catch (error) {
      if (!signal.aborted) sayAway(error)
      return false
    }
    if (signal.aborted) return true
    offerTimeframes(catalogue.timeframes, openTimeframe)
    showLink('live')
    openWanted()
    return true
  })
}

function openWanted() {
  const wanted = wantedView()
  const isThere = catalogue.symbols.some(of => of.source === wanted?.source && of.symbol === wanted.symbol)
  if (wanted && isThere) open(wanted)
  else if (wanted) {
    view = wanted
    screen.begin(wanted)
    say(unknown(wanted))
  } else if (catalogue.timeframes.length > 0) say(EMPTY)
  return isThere
}

/** What the address names; what it does not name is the first there is. Undefined while there are no candles at all. */
function wantedView() {
  const [first] = catalogue.symbols
  const { source, symbol, timeframe } = readAddress()
  const known = catalogue.timeframes.find(name => name === timeframe) ?? catalogue.timeframes[0]
  if (first === undefined || known === undefined) return undefined
  if (symbol === undefined) return { ...first, timeframe: known }
  return { source: source ?? first.source, symbol, timeframe: known }
}

/** Ends what is under way for the view of before. */
function leave() {
  session?.end()
  stopWaiting()
}

/** @param {unknown} error */
function sayAway(error) {
  say(trouble(error))
  showLink('away')
}

function loadAhead() {
  if (screen.before < LOAD_AHEAD) void session?.loadOlder()
}

function writeMoment() {
  if (view && !screen.isEmpty) writeAddress({ ...view, until: screen.until }, 'replace')
}

/** @param {string | undefined} timeframe */
function openTimeframe(timeframe) {
  if (view && timeframe !== undefined && timeframe !== view.timeframe) go({ ...view, timeframe })
}

/** @param {number} steps to longer timeframes */
function stepTimeframe(steps) {
  const { timeframes } = catalogue
  openTimeframe(timeframes[timeframes.indexOf(view?.timeframe ?? '') + steps])
}

function choose() {
  picker.open(catalogue.symbols, view)
  // Symbols that have come since are in the list in a moment; without an answer it stays as it is.
  readCatalogue(AbortSignal.timeout(CATALOGUE_WITHIN_MS)).then(
    found => {
      catalogue = found
      picker.offer(found.symbols)
    },
    () => undefined,
  )
}

function showClock() {
  find('#clock', HTMLElement).textContent = clockText()
}

listenToKeys({
  '/': choose,
  ',': () => stepTimeframe(-1),
  '.': () => stepTimeframe(1),
  ArrowLeft: ({ shiftKey }) => chart.pan(shiftKey ? -1 : -PAN_SHARE),
  ArrowRight: ({ shiftKey }) => chart.pan(shiftKey ? 1 : PAN_SHARE),
  ArrowUp: () => chart.zoom(1 / ZOOM),
  ArrowDown: () => chart.zoom(ZOOM),
  End: () => chart.toNewest(),
  t: toggleTheme,
  '?': showKeys,
})
find('#symbol', HTMLButtonElement).addEventListener('click', choose)
find('#theme', HTMLButtonElement).addEventListener('click', toggleTheme)
find('#help', HTMLButtonElement).addEventListener('click', showKeys)
whenChoosing(choose)
whenThemeChanges(() => chart.restyle())
window.addEventListener('popstate', openAddress)
setInterval(showClock, 1_000)
showClock()
say(LOADING)
openAddress()
