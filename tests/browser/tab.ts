import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const CANDIDATES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** A Chromium of this machine, or undefined: `apt-get install chromium`, or name one in CHROMIUM. */
export const CHROMIUM = CANDIDATES.find(path => path && existsSync(path))

/** Longer than anything takes on a busy machine. */
const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 90_000)

/** A browser with a fresh profile that talks to nobody by itself. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(CHROMIUM && { executablePath: CHROMIUM }),
    timeout: PATIENCE_MS,
    args: [
      '--no-sandbox', // it does not start as root without
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** What is on the screen, in counts of pixels of the charts' canvases. */
export interface Pixels {
  readonly up: number
  readonly down: number
  /** Of any colour that is not the background's. */
  readonly drawn: number
  /** The red value, 0 to 255, of most pixels: the background's. */
  readonly background: number
}

/** A tab on the page, which remembers what should not happen: errors, and requests to anybody else. */
export class Tab {
  readonly page: Page
  readonly complaints: string[] = []
  readonly requests: string[] = []

  private constructor(page: Page, origin: string) {
    this.page = page
    page.on('pageerror', error => this.complaints.push(`error: ${error.message}`))
    page.on('console', message => {
      if (message.type() !== 'log') this.complaints.push(`${message.type()}: ${message.text()}`)
    })
    page.on('request', request => {
      this.requests.push(request.url())
      if (!request.url().startsWith(origin)) this.complaints.push(`foreign request: ${request.url()}`)
    })
  }

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Tab> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, ...options })
    const tab = new Tab(await context.newPage(), new URL(url).origin)
    tab.page.setDefaultTimeout(PATIENCE_MS)
    await tab.page.goto(url)
    return tab
  }

  async close(): Promise<void> {
    await this.page.context().close()
  }

  /** Waits until the page is in that state: `ready`, `empty`, `unknown`, `nothing`, `away`, `refused`. */
  async is(state: string): Promise<void> {
    await this.page.locator(`body[data-state=${state}]`).waitFor()
  }

  /** Waits until the text is in the element. */
  async shows(selector: string, text: string | RegExp): Promise<void> {
    await this.page.locator(selector).filter({ hasText: text }).first().waitFor()
  }

  async text(selector: string): Promise<string> {
    return (await this.page.locator(selector).innerText()).replaceAll(/\s+/g, ' ').trim()
  }

  /** A part of the query of the address. */
  address(name: string): string | null {
    return new URL(this.page.url()).searchParams.get(name)
  }

  /** How many candles are loaded. */
  async count(): Promise<number> {
    return Number(await this.page.locator('#chart').getAttribute('data-candles'))
  }

  /** Counts what the canvases show, once they have been painted. */
  pixels(): Promise<Pixels> {
    return this.page.evaluate(countPixels)
  }
}

/** Runs in the page. */
async function countPixels(): Promise<Pixels> {
  await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  const probe = document.createElement('i')
  document.body.append(probe)
  const colour = (name: string) => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color.match(/\d+/g)!.map(Number)
  }
  const [up, down, surface] = ['up', 'down', 'surface'].map(colour)
  probe.remove()
  const mostCommonRed = (data: Uint8ClampedArray) => {
    const counts = new Array<number>(256).fill(0)
    for (let i = 0; i < data.length; i += 4) counts[data[i]!]! += 1
    return counts.indexOf(Math.max(...counts))
  }
  const count = { up: 0, down: 0, drawn: 0, background: -1 }
  for (const canvas of document.querySelectorAll<HTMLCanvasElement>('#chart canvas')) {
    if (canvas.width === 0 || canvas.height === 0) continue
    // A canvas of our own is read, which tells the chart's own nothing.
    const copy = new OffscreenCanvas(canvas.width, canvas.height)
    const context = copy.getContext('2d', { willReadFrequently: true })!
    context.drawImage(canvas, 0, 0)
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
    if (count.background < 0) count.background = mostCommonRed(data)
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] !== 255) continue
      const is = ([r, g, b]: number[]) => data[i] === r && data[i + 1] === g && data[i + 2] === b
      if (is(up!)) count.up++
      else if (is(down!)) count.down++
      if (!is(surface!)) count.drawn++
    }
  }
  return count
}
