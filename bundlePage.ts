import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { BundledPage } from './lib/lambda/pageRoutes.ts'

const ROOT = fileURLToPath(new URL('.', import.meta.url))

/** The chart library, by its name in the page. It is the one file that is not ours, and is served as its package has it. */
const CHARTS = {
  name: 'lightweight-charts.js',
  path: 'node_modules/lightweight-charts/dist/lightweight-charts.standalone.production.mjs',
}

/** Gives `import page from '…/page/index.html'` the bundled page. */
export const bundledPage: Plugin = {
  name: 'bundled-page',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]page[\\/]index\.html$/ }, async () => ({
      loader: 'json',
      contents: JSON.stringify(await bundlePage()),
    }))
  },
}

/** Matches what is replaced in the document: whole elements of our style sheets and scripts, else the address alone. */
const NAMED =
  /<link rel="stylesheet" href="(?<style>page\/[^"]+)">|<script src="(?<script>page\/[^"]+)"><\/script>|<script type="module" src="(?<module>page\/[^"]+)"><\/script>|\b(?<attribute>href|src)="(?<file>page\/[^"]+)"/g

/**
 * Bundles `page/`: styles and scripts, with all that they import, go inline into the document; other files get names with a
 * hash. Throws when the page refers to a file that does not exist.
 */
export async function bundlePage(): Promise<BundledPage> {
  const charts = await hashed(CHARTS.name, CHARTS.path)
  const files: Record<string, string> = { [charts.name]: charts.text }
  const scripts: string[] = []
  const styles: string[] = []
  const bundledInto = async (list: string[], path: string, format: Format) => {
    const text = await bundled(path, format, charts.name)
    list.push(text)
    return text
  }
  const replacement = async ({
    style,
    script,
    module,
    attribute,
    file,
  }: Record<string, string | undefined>) => {
    if (style) return `<style>${await bundledInto(styles, style, 'iife')}</style>`
    if (script) return `<script>${await bundledInto(scripts, script, 'iife')}</script>`
    if (module) return `<script type="module">${await bundledInto(scripts, module, 'esm')}</script>`
    const { name, text } = basename(file!) === CHARTS.name ? charts : await hashed(basename(file!), file!)
    files[name] = text
    return `${attribute}="page/${name}"`
  }

  const document = await readFile(join(ROOT, 'page', 'index.html'), 'utf8')
  const replacements: string[] = []
  for (const { groups } of document.matchAll(NAMED)) replacements.push(await replacement(groups!))
  return { html: document.replaceAll(NAMED, () => replacements.shift()!), scripts, styles, files }
}

type Format = 'iife' | 'esm'

/** The text of a style sheet or script with its imports, except the chart library. */
async function bundled(path: string, format: Format, chartsName: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, path)],
    bundle: true,
    write: false,
    minify: true,
    format,
    target: 'es2022',
    legalComments: 'none',
    plugins: [
      {
        name: 'charts',
        setup({ onResolve }) {
          // Relative to the document, as the script is inline.
          onResolve({ filter: /\/lightweight-charts\.js$/ }, () => ({
            path: `./page/${chartsName}`,
            external: true,
          }))
        },
      },
    ],
  })
  return outputFiles[0]!.text.trimEnd()
}

/** A file with the hash of its text in its name. */
async function hashed(name: string, path: string): Promise<{ name: string; text: string }> {
  const text = await readFile(join(ROOT, path), 'utf8')
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const extension = extname(name)
  return { name: `${basename(name, extension)}-${hash}${extension}`, text }
}
