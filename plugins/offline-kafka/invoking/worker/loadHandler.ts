import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A handler in Node, with or without a callback. */
export type Handler = (
  event: unknown,
  context: object,
  callback: (error: unknown, answer?: unknown) => void,
) => unknown

/** In the order in which Lambda and serverless-offline look. */
const EXTENSIONS = ['', '.js', '.mjs', '.cjs', '.ts']

/** Imports the module of `path/to/module.name.of.export` and gives its function. Throws what the module throws. */
export async function loadHandler(codeDir: string, handler: string): Promise<Handler> {
  const [moduleName, ...exportPath] = basename(handler).split('.')
  const path = resolve(codeDir, join(dirname(handler), moduleName ?? ''))
  const file = EXTENSIONS.map(extension => path + extension).find(existsSync)
  if (file === undefined) throw new Error(`handler ${handler}: no module ${path}.{js,mjs,cjs,ts}`)
  const module: Record<string, unknown> = await import(pathToFileURL(file).href)
  const found = follow(module, exportPath) ?? follow(module.default, exportPath)
  if (typeof found !== 'function') throw new Error(`handler ${handler}: ${file} exports no such function`)
  return found as Handler
}

function follow(root: unknown, path: readonly string[]): unknown {
  return path.reduce((at, name) => (at as Record<string, unknown> | undefined)?.[name], root)
}
