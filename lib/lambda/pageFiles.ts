import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { TickhouseError } from '../errors.ts'
import { packaged } from '../packaged.ts'
import type { HttpAnswer } from './httpResponse.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
}

/** The one file that is not ours, as its package has it. */
const CHARTS = {
  name: 'lightweight-charts.js',
  path: ['node_modules', 'lightweight-charts', 'dist', 'lightweight-charts.standalone.production.mjs'],
}

/** The files of the page, by name. Read at once: what is not among them cannot be asked for. */
export function pageFiles(): (name: string) => HttpAnswer {
  const folder = need('page')
  const names = readdirSync(folder).filter(name => extname(name) in TYPES)
  const files = new Map(names.map(name => [name, answerOf(name, join(folder, name))]))
  files.set(CHARTS.name, answerOf(CHARTS.name, need(...CHARTS.path)))
  return name => {
    const file = files.get(name)
    if (file === undefined) throw new NotFound()
    return file
  }
}

function answerOf(name: string, path: string): HttpAnswer {
  const body = readFileSync(path, 'utf8')
  const tag = createHash('sha256').update(body).digest('base64url')
  return { type: TYPES[extname(name)]!, tag, body }
}

function need(...path: string[]): string {
  const found = packaged(...path)
  if (found === undefined) throw new PageMissing(path)
  return found
}

/** Nothing lies at that address. */
export class NotFound extends TickhouseError {
  constructor() {
    super('NOT_FOUND', 'there is nothing here')
  }
}

/** A file of the page is not where the function is: not packaged, or not installed. */
export class PageMissing extends TickhouseError {
  constructor(path: readonly string[]) {
    super('PAGE_MISSING', `${path.join('/')} is missing: npm install, or look at package.patterns`)
  }
}
