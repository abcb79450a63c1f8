import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { NotFound, type Routes } from './http.ts'
import type { HttpAnswer } from './httpResponse.ts'

/** The page as it is served: one document with our own styles and scripts within, and the files that it names. */
export interface BundledPage {
  readonly html: string
  /** The text of each script within the document. */
  readonly scripts: readonly string[]
  /** The text of each style sheet within the document. */
  readonly styles: readonly string[]
  /** By a name that changes with the text. */
  readonly files: Readonly<Record<string, string>>
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
}

/** The page: no server is asked for it, so it comes however busy the candles are. */
export function pageRoutes(page: BundledPage): Routes {
  const document: HttpAnswer = {
    type: 'text/html',
    tag: hashOf(page.html),
    body: page.html,
    headers: { 'content-security-policy': policyOf(page) },
  }
  const files = new Map(Object.entries(page.files).map(([name, text]) => [name, fileAnswer(name, text)]))
  return {
    'GET /': () => document,
    'GET /page/{file}': ({ path }) => {
      const file = files.get(path.file ?? '')
      if (file === undefined) throw new NotFound()
      return file
    },
  }
}

function fileAnswer(name: string, text: string): HttpAnswer {
  return { type: TYPES[extname(name)]!, tag: hashOf(text), isImmutable: true, body: text }
}

/**
 * Only the scripts and styles that were built into the document, and files of this origin: a name that people gave to a
 * symbol can never become code, and no other page can put this one in a frame.
 */
function policyOf({ scripts, styles }: BundledPage): string {
  return [
    "default-src 'none'",
    `script-src 'self' ${scripts.map(sourceOf).join(' ')}`,
    `style-src ${styles.map(sourceOf).join(' ')}`,
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')
}

/** https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
