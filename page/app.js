import { addressOf, readAddress, writeAddress } from './address.js'
import { Refused, readCatalogue } from './api.js'
import { Catalogue } from './catalogue.js'
import { find, make } from './dom.js'
import { download, fileName } from './download.js'
import { offerTimeframes } from './header.js'
import { showFreshness } from './indicator.js'
import { listenToKeys } from './keys.js'
import { readLook, USUAL, writeLook } from './look.js'
import { LookMenu } from './lookMenu.js'
import { EMPTY, LOADING, say, trouble, unknown, whenChoosing } from './message.js'
import { clockText, shortIso } from './moments.js'
import { Picker } from './picker.js'
import { askForMoment, RANGES, whenAskedForMoment } from './places.js'
import { poll } from './poll.js'
import { recentInstruments, rememberInstrument } from './recent.js'
import { Screen } from './screen.js'
import { ServerClock } from './serverClock.js'
import { keep, kept } from './storage.js'
import { toggleTheme, whenThemeChanges } from './theme.js'
import { Viewing } from './viewing.js'

/** @import { Catalogue as Answer, Instrument, View } from './api.js' */
/** @import { Look } from './look.js' */

const CATALOGUE_EVERY_MS = 2_000
const CATALOGUE_WITHIN_MS = 25_000
const SETTLED_AFTER_MS = 250
const ZOOM = 1.25
const LOOK_KEY = 'look'
const IS_TIMEFRAME = /^[mhDWM]\d+$/

const catalogue = new Catalogue()
let look = USUAL
/** The view that the address names; it may have no candles. @type {View | undefined} */
let view
/** @type {Viewing | undefined} */
let viewing
let stopWaiting = () => {}
/** @type {ReturnType<typeof setTimeout> | undefined} */
let settling
/** The range to show once its candles are loaded. @type {typeof RANGES[number] | undefined} */
let range

const clock = new ServerClock()
const screen = new Screen(() => {
  viewing?.loadAhead()
  clearTimeout(settling)
  settling = setTimeout(() => writeState('replace'), SETTLED_AFTER_MS)
})
const { chart } = screen
const picker = new Picker()
const lookMenu = new LookMenu(next => {
  takeLook(next)
  writeState('push')
})

/**
 * Goes to another symbol or timeframe, and stays at the same moment.
 *
 * @param {View} next
 */
function go(next) {
  writeAddress(addressOf(next, { until: screen.until, bars: screen.bars }, look), 'push')
  openAddress()
}

/** @param {View} next */
function open(next) {
  leave()
  view = next
  screen.begin(next)
  say(LOADING)
  rememberInstrument(next)
  writeAddress(addressOf(next, { until: screen.until, bars: screen.bars }, look), 'replace')
  viewing = new Viewing(next, screen, clock, {
    onAnswer: tick,
    onMessage: message => {
      say(message)
      if (range && !screen.isEmpty) showRange(range)
    },
  })
  viewing.compare(look.compare)
}

/** Opens the view that the address names; waits for its candles where there are none yet. */
function openAddress() {
  const { source, symbol, timeframe, until, bars, look: named } = readAddress(location.search)
  const isBare = source === undefined && symbol === undefined
  const isSameView =
    viewing && view?.source === source && view?.symbol === symbol && view?.timeframe === timeframe
  takeLook(isBare ? rememberedLook() : named)
  if (isSameView && (until && shortIso(until)) === (screen.until && shortIso(screen.until))) return
  leave()
  screen.until = until
  screen.bars = bars
  if (catalogue.isKnown && openWanted()) return
  // Without waiting for the catalogue, where the address names everything.
  if (!catalogue.isKnown && source && symbol && timeframe && IS_TIMEFRAME.test(timeframe))
    open({ source, symbol, timeframe })
  stopWaiting = poll(CATALOGUE_EVERY_MS, async signal => {
    try {
      const found = await readCatalogue(signal)
      if (!signal.aborted) takeCatalogue(found)
    } catch (error) {
      if (!signal.aborted && viewing === undefined) say(trouble(error))
      return { wentWell: false, retryAfterMs: error instanceof Refused ? error.retryAfterMs : undefined }
    }
    if (signal.aborted || (viewing && view && catalogue.has(view)) || openWanted()) stopWaiting()
    return { wentWell: true }
  })
}

/** @param {Answer} found */
function takeCatalogue(found) {
  catalogue.take(found)
  offerTimeframes(found.timeframes, openTimeframe)
  picker.offer(catalogue.index)
}

/** Opens the view that the address names, or the nearest one with candles; says so where there is none. */
function openWanted() {
  const wanted = catalogue.meant(readAddress(location.search), recentInstruments())
  if (wanted === undefined) say(EMPTY)
  else if (catalogue.has(wanted)) open(wanted)
  else if (viewing || view?.symbol !== wanted.symbol || view.source !== wanted.source) {
    viewing?.end()
    viewing = undefined
    view = wanted
    screen.begin(wanted)
    say(unknown(wanted))
  }
  return wanted !== undefined && catalogue.has(wanted)
}

/** Closes the view that is open. */
function leave() {
  viewing?.end()
  viewing = undefined
  stopWaiting()
}

/** @param {'push' | 'replace'} how */
function writeState(how) {
  if (view && !screen.isEmpty)
    writeAddress(addressOf(view, { until: screen.until, bars: screen.bars }, look), how)
}

/** @param {Look} next */
function takeLook(next) {
  look = next
  lookMenu.show(next)
  screen.setLook(next)
  viewing?.compare(next.compare)
  const query = new URLSearchParams()
  writeLook({ ...next, compare: undefined }, query)
  keep(LOOK_KEY, query.toString())
}

function rememberedLook() {
  return readLook(new URLSearchParams(kept(LOOK_KEY) ?? ''))
}

/** @param {string | undefined} timeframe */
function openTimeframe(timeframe) {
  if (view && timeframe !== undefined && timeframe !== view.timeframe) go({ ...view, timeframe })
}

/** @param {number} steps to longer timeframes */
function stepTimeframe(steps) {
  if (view) openTimeframe(catalogue.longer(view.timeframe, steps))
}

/** @param {typeof RANGES[number] | undefined} wanted */
function openRange(wanted) {
  if (view === undefined || wanted === undefined) return
  screen.until = undefined
  screen.bars = undefined
  if (view.timeframe === wanted.timeframe) {
    void viewing?.goToNewest().then(() => showRange(wanted))
    return
  }
  range = wanted
  go({ ...view, timeframe: wanted.timeframe })
}

/** @param {typeof RANGES[number]} wanted */
function showRange({ sinceMs }) {
  const { newest } = screen
  range = undefined
  if (newest) chart.view.goToAllSince(sinceMs(Date.parse(newest.dateTime)))
}

function choose() {
  ask('Symbol or source', ({ source, symbol }) => {
    const timeframe = view?.timeframe ?? catalogue.timeframes[0]
    if (timeframe) go({ source, symbol, timeframe })
  })
}

function chooseCompared() {
  ask('Compare with a symbol', compare => {
    takeLook({ ...look, compare })
    writeState('push')
  })
}

/**
 * @param {string} title
 * @param {(instrument: Instrument) => void} onChoice
 */
function ask(title, onChoice) {
  picker.open(catalogue.index, view, { title, onChoice })
  // New symbols are added when the answer comes. If none comes, the list stays as it is.
  readCatalogue(AbortSignal.timeout(CATALOGUE_WITHIN_MS)).then(takeCatalogue, () => undefined)
}

function goToMoment() {
  if (!screen.isEmpty) askForMoment(screen.until ? Date.parse(screen.until) : clock.nowMs, chart.zone)
}

/** @param {string} extension */
function nameOfFile(extension) {
  const { symbol = '', timeframe = '' } = view ?? {}
  return fileName(
    [symbol, timeframe, shortIso(new Date(clock.nowMs).toISOString()).replace(':', '')],
    extension,
  )
}

function downloadCsv() {
  const text = screen.csv()
  if (text !== undefined) download(nameOfFile('csv'), new Blob([text], { type: 'text/csv' }))
}

async function downloadPicture() {
  const picture = await screen.picture()
  if (picture) download(nameOfFile('png'), picture)
}

function toggleFullscreen() {
  if (document.fullscreenElement) void document.exitFullscreen()
  else void document.documentElement.requestFullscreen?.().catch(() => undefined)
}

function showKeys() {
  find('#keys', HTMLDialogElement).showModal()
}

function tick() {
  const { nowMs } = clock
  find('#clock', HTMLElement).textContent = clockText(nowMs, chart.zone)
  showFreshness(viewing?.answers.freshness, viewing?.answers.status, nowMs, chart.zone)
  viewing?.tick()
}

/** Tools by the id of their button, each with its key. @type {Record<string, { key?: string, run: () => void }>} */
const TOOLS = {
  symbol: { key: '/', run: choose },
  'tool-compare': { key: 'c', run: chooseCompared },
  'tool-go': { key: 'g', run: goToMoment },
  'tool-measure': { key: 'm', run: () => screen.toggleMeasure() },
  'tool-table': { key: 'r', run: () => screen.showTable() },
  'tool-csv': { key: 'd', run: downloadCsv },
  'tool-picture': { key: 'p', run: downloadPicture },
  'tool-fullscreen': { key: 'f', run: toggleFullscreen },
  theme: { key: 't', run: toggleTheme },
  help: { key: '?', run: showKeys },
  newest: { key: 'End', run: () => void viewing?.goToNewest() },
}
for (const [id, { run }] of Object.entries(TOOLS)) {
  const button = find(`#${id}`, HTMLButtonElement)
  button.addEventListener('click', () => {
    // The menu closes before a dialog opens.
    const menu = button.closest('[popover]')
    if (menu instanceof HTMLElement) menu.hidePopover()
    run()
  })
}
const ranges = RANGES.map((one, at) => {
  const button = make('button', one.name)
  button.type = 'button'
  button.title = `${one.name}  ( ${at + 1} )`
  button.addEventListener('click', () => openRange(one))
  return button
})
find('#ranges', HTMLElement).prepend(...ranges)
find('#tool-fullscreen', HTMLElement).hidden = !document.fullscreenEnabled

/** @param {number} direction */
const sideways =
  direction =>
  (/** @type {KeyboardEvent} */ { shiftKey }) => {
    if (shiftKey) chart.view.pan(direction)
    else screen.moveCursor(direction)
  }
listenToKeys({
  ...Object.fromEntries(
    Object.values(TOOLS).flatMap(({ key, run }) => (key === undefined ? [] : [[key, run]])),
  ),
  ...Object.fromEntries(RANGES.map((one, at) => [String(at + 1), () => openRange(one)])),
  ',': () => stepTimeframe(-1),
  '.': () => stepTimeframe(1),
  ArrowLeft: sideways(-1),
  ArrowRight: sideways(1),
  ArrowUp: () => chart.view.zoom(1 / ZOOM),
  ArrowDown: () => chart.view.zoom(ZOOM),
  Escape: () => screen.cancel(),
  s: () => lookMenu.nextStyle(),
  v: () => lookMenu.toggleVolume(),
  l: () => lookMenu.toggleScale('log'),
  '%': () => lookMenu.toggleScale('percent'),
  i: () => find('#studies', HTMLElement).showPopover(),
  z: () => find('#zone', HTMLSelectElement).focus(),
})
whenAskedForMoment(
  () => chart.zone,
  moment => void viewing?.goTo(moment),
)
whenChoosing(choose)
whenThemeChanges(() => chart.restyle())
window.addEventListener('popstate', openAddress)
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) viewing?.answers.resume()
})
setInterval(tick, 1_000)
tick()
say(LOADING)
openAddress()
