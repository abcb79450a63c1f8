import { setTimeout as sleep } from 'node:timers/promises'
import { BenchFailed } from '../until.ts'
import { Browser } from './browser.ts'

/** The files of the page, by path, each with the files that it asks for. */
export type Shell = ReadonlyMap<string, ShellFile>

interface ShellFile {
  readonly body: string
  readonly needs: readonly string[]
}

/** One load of the page with an empty cache. `tookMs` counts to the last byte of its last file. */
export interface PageLoad {
  readonly tookMs: number
  /** One text for each failed file: its status, `body` (another content), `timeout` or `network`. */
  readonly errors: readonly string[]
}

const ENTRY = '/'
const EVERY_MS = 100
const TIMEOUT_MS = 25_000

/** Patterns of the references in a file that a browser loads at once, by the file's type. */
const REFERENCES: Readonly<Record<string, RegExp>> = {
  'text/html': /<(?:link|script|img)\b[^>]*?\b(?:href|src)="([^"]+)"/g,
  'text/javascript': /(?:^|[;}])\s*(?:import|export)\s*(?:[\w$*{},\s]+?from\s*)?['"](\.[^'"]+)['"]/gm,
  'text/css': /(?:@import\s+|url\()['"]?([^'")]+)['"]?/g,
}

/** The paths on the same origin that a file refers to; `type` is its `content-type`. */
export function referencesIn(path: string, type: string, body: string): string[] {
  const pattern = REFERENCES[type.split(';')[0]!]
  const found = pattern === undefined ? [] : [...body.matchAll(pattern)].map(([, to]) => to!)
  const base = new URL(path, 'http://page.invalid')
  const urls = found.map(to => new URL(to, base)).filter(({ origin }) => origin === base.origin)
  return [...new Set(urls.map(({ pathname, search }) => pathname + search))]
}

/** Loads the page once, and returns its files. Throws for a file whose status is not 200. */
export async function readShell(origin: string): Promise<Shell> {
  const browser = new Browser(origin)
  const shell = new Map<string, ShellFile>()
  const waiting = [ENTRY]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (shell.has(path)) continue
    const { status, headers, body } = await browser.get(path, TIMEOUT_MS)
    if (status !== 200) throw new BenchFailed(`${path} answers ${status}`)
    const needs = referencesIn(path, headers['content-type'] ?? '', body)
    shell.set(path, { body, needs })
    waiting.push(...needs)
  }
  browser.close()
  return shell
}

/** Loads the page `loads` times, ten a second, also while earlier loads are under way. */
export async function loadPages(origin: string, shell: Shell, loads: number): Promise<PageLoad[]> {
  const startMs = performance.now()
  const all: Promise<PageLoad>[] = []
  for (let i = 0; i < loads; i++) {
    await sleep(Math.max(0, startMs + i * EVERY_MS - performance.now()))
    all.push(loadPage(origin, shell))
  }
  return Promise.all(all)
}

async function loadPage(origin: string, shell: Shell): Promise<PageLoad> {
  const browser = new Browser(origin)
  const asked = new Set<string>()
  const errors: string[] = []
  const load = async (path: string): Promise<void> => {
    if (asked.has(path)) return
    asked.add(path)
    const file = shell.get(path)!
    const error = await fetchFile(browser, path, file.body)
    if (error !== undefined) errors.push(error)
    await Promise.all(file.needs.map(load))
  }
  const startedMs = performance.now()
  await load(ENTRY)
  const tookMs = performance.now() - startedMs
  browser.close()
  return { tookMs, errors }
}

async function fetchFile(browser: Browser, path: string, expected: string): Promise<string | undefined> {
  try {
    const { status, body } = await browser.get(path, TIMEOUT_MS)
    if (status !== 200) return String(status)
    return body === expected ? undefined : 'body'
  } catch (error) {
    return error instanceof Error && error.name === 'AbortError' ? 'timeout' : 'network'
  }
}
