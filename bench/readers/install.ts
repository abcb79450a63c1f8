import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireSpace } from '../../sandbox/dataFolder.ts'
import { runCommand } from '../../sandbox/processes/command.ts'
import { takeLock } from '../../sandbox/processes/lock.ts'

/** What readers need beside Python, and other engines' writers in tests; and how much disk while it is installed. */
const PACKAGES = {
  python: { recipe: 'requirements.txt', diskMb: 700, fetch: pip },
  spark: { recipe: 'requirements-spark.txt', diskMb: 1500, fetch: pip },
  sparkJars: { recipe: 'pom.xml', diskMb: 300, fetch: maven },
  writers: { recipe: '../../tests/others/engines/requirements.txt', diskMb: 100, fetch: pip },
} as const

export type PackageName = keyof typeof PACKAGES

/**
 * Gives the folder of a package, in `readers` of the cache; fetched first when there is none for the recipe as it is
 * now. What is there asks for no network. Throws `CommandFailed`, `DiskFull`, `FolderBusy`.
 */
export async function install(cacheDir: string, name: PackageName, onProgress: (line: string) => void) {
  const { recipe, diskMb, fetch } = PACKAGES[name]
  const file = fileURLToPath(new URL(recipe, import.meta.url))
  const version = hash('sha256', await readFile(file)).slice(0, 12)
  const dir = join(cacheDir, 'readers', `${name}-${version}`)
  if (existsSync(dir)) return dir

  const lock = { what: dir, cure: 'wait for it to end, then try again.', waitMs: 30 * 60_000 }
  const release = await takeLock(`${dir}.lock`, lock)
  try {
    if (existsSync(dir)) return dir
    requireSpace(cacheDir, diskMb, 'TICKHOUSE_CACHE')
    onProgress(`fetching what ${recipe} names into ${dir}`)
    await fill(dir, partial => fetch(file, partial))
    return dir
  } finally {
    release()
  }
}

/** Filled beside its place and moved there last: what stands in its place is whole. */
async function fill(dir: string, fetch: (partial: string) => Promise<unknown>): Promise<void> {
  const partial = `${dir}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true })
  await fetch(partial)
  await rename(partial, dir)
}

function pip(recipe: string, dir: string): Promise<string> {
  const quietly = ['--disable-pip-version-check', '--no-input', '--progress-bar=off', '--no-compile']
  return runCommand('python3', ['-m', 'pip', 'install', ...quietly, '--target', dir, '--requirement', recipe])
}

function maven(recipe: string, dir: string): Promise<string> {
  const quietly = ['--batch-mode', '--no-transfer-progress', '--strict-checksums']
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${dir}`]
  return runCommand('mvn', [...quietly, '--file', recipe, ...goal])
}
