import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { requireSpace } from '../dataFolder.ts'
import { ArtefactIncomplete } from '../errors.ts'
import { takeLock } from '../processes/lock.ts'
import type { Lake } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type ArtefactSource, registries } from './fetch.ts'
import { isInstalled, writeStamp } from './stamp.ts'
import { ARTEFACTS, type Artefact, type ArtefactName } from './table.ts'

/** The folder of each program. */
export type ArtefactDirs = Record<ArtefactName, string>

/** Whom to tell and how to stop; tests install other things, from elsewhere. */
export interface InstallOptions {
  terminal: Terminal
  signal?: AbortSignal | undefined
  artefacts?: readonly Artefact[]
  /** Which object store and catalog are wanted; programs that only another one needs are not fetched. */
  lake?: Lake
  source?: ArtefactSource
}

const DOWNLOADS = '.downloads'
const PARTIAL = '.partial-'

/**
 * Makes sure that every program is in the cache, whole and of its version, and gives their folders. What is there
 * already is not fetched again and asks for no network; what is damaged is replaced. Processes that do this at the same
 * time wait for each other. Throws `ToolMissing`, `DownloadFailed`, `DiskFull`, `ArtefactIncomplete`, `FolderBusy`.
 */
export async function installArtefacts(cacheDir: string, options: InstallOptions): Promise<ArtefactDirs> {
  const all = options.artefacts ?? ARTEFACTS
  const wanted = all.filter(({ lake }) => lake === undefined || lake === options.lake)
  if ((await missing(cacheDir, wanted)).length > 0) await fillCache(cacheDir, wanted, options)
  return Object.fromEntries(all.map(one => [one.name, artefactDir(cacheDir, one)])) as ArtefactDirs
}

async function fillCache(
  cacheDir: string,
  artefacts: readonly Artefact[],
  options: InstallOptions,
): Promise<void> {
  await (options.source ?? registries).requireTools(await missing(cacheDir, artefacts))
  const release = await takeLock(join(cacheDir, '.lock'), {
    what: cacheDir,
    cure: 'wait for it to end, then try again.',
    waitMs: 30 * 60_000,
    onWait: pid => options.terminal.say(`waiting for process ${pid}, which is filling ${cacheDir}`),
  })
  try {
    await removeLeftovers(cacheDir)
    const wanted = await missing(cacheDir, artefacts)
    const neededMb = wanted.reduce((sum, { diskMb }) => sum + diskMb, 0)
    requireSpace(cacheDir, neededMb, 'TICKHOUSE_CACHE')
    for (const artefact of wanted) await install(cacheDir, artefact, options)
    await rm(join(cacheDir, DOWNLOADS), { recursive: true, force: true })
  } finally {
    release()
  }
}

/** Unpacked beside its place and moved there last: what stands in its place is whole. */
async function install(cacheDir: string, artefact: Artefact, options: InstallOptions): Promise<void> {
  const { title, version, mustHave } = artefact
  // A name of its own: the program that a killed run had called may still be writing to the one before.
  const dir = await mkdtemp(join(cacheDir, PARTIAL))
  options.terminal.say(`${title} ${version}: fetching ${artefact.downloadMb} MB into ${cacheDir}`)
  try {
    await (options.source ?? registries).fetch(artefact, {
      dir,
      downloadDir: join(cacheDir, DOWNLOADS),
      ...options,
    })
    await artefact.arrange?.(dir)
    await stat(join(dir, mustHave)).catch(() => {
      throw new ArtefactIncomplete(`${title} ${version}`, mustHave)
    })
    await writeStamp(dir, version)
    await rm(artefactDir(cacheDir, artefact), { recursive: true, force: true })
    await rename(dir, artefactDir(cacheDir, artefact))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
  options.terminal.say(`${title} ${version}: installed`)
}

/** What an earlier run left when it was cut off: we hold the lock, so nobody is working on it. */
async function removeLeftovers(cacheDir: string): Promise<void> {
  const names = (await readdir(cacheDir)).filter(name => name.startsWith(PARTIAL))
  for (const name of names) await rm(join(cacheDir, name), { recursive: true, force: true })
}

async function missing(cacheDir: string, artefacts: readonly Artefact[]): Promise<Artefact[]> {
  const there = artefacts.map(artefact => isInstalled(artefactDir(cacheDir, artefact), artefact.version))
  const installed = await Promise.all(there)
  return artefacts.filter((_, index) => !installed[index])
}

/** Where in the cache a program is, once it is installed. */
export function artefactDir(cacheDir: string, { name, version }: Artefact): string {
  return join(cacheDir, `${name}-${version}`)
}
