import { createHash } from 'node:crypto'
import { extname } from 'node:path'
import { NotFound, type Routes } from './http.ts'
import type { HttpAnswer } from './httpResponse.ts'

/** The page as it is served: one document that has our own styles and scripts inline, and the files that it refers to. */
export interface BundledPage {
  readonly html: string
  /** The inline scripts of the document. */
  readonly scripts: readonly string[]
  /** The inline style sheets of the document. */
  readonly styles: readonly string[]
  /** Texts by file name; the name has a hash of the text. */
  readonly files: Readonly<Record<string, string>>
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
}

/** Routes of the page. They ask no server, so that the page loads even when the candles are too busy. */
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
 * The page's content security policy: it allows the inline scripts and styles by their hashes, and files of this origin. A
 * symbol's name, which producers choose, can never run as code; no other page can put this one in a frame.
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
