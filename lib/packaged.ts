import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The path of a file or folder that functions are packaged with, from its path in the repository: looked for in the
 * nearest folder upwards, as this module may lie in `lib`, or be part of a bundle in a build folder of the repository
 * or of a deployed package, into which the files are copied. Undefined when it is nowhere.
 */
export function packaged(...path: string[]): string | undefined {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const found = join(at, ...path)
    if (existsSync(found)) return found
    if (at === dirname(at)) return undefined
  }
}
