import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { Cancelled, CommandFailed, DiskFull, DownloadFailed, ToolMissing } from '../errors.ts'
import { runCommand } from '../processes/command.ts'
import type { Terminal } from '../terminal.ts'
import { missingTools } from '../tools.mjs'
import { folderBytes } from './stamp.ts'
import type { Artefact } from './table.ts'

/** A wheel from the Python package index, a goal of a POM in `sandbox/`, or a program that Go builds from its module. */
export type FetchStep =
  | { with: 'pip'; package: string }
  | { with: 'mvn'; goal: string; pom: string }
  | { with: 'go'; module: string }

/** Where to fetch to, and whom to tell. */
export interface FetchTarget {
  /** An empty folder that is to hold the files. */
  dir: string
  /** Keeps downloads until they are installed, so that a second try goes on where the first ended. */
  downloadDir: string
  terminal: Terminal
  signal?: AbortSignal | undefined
}

/** A download that gains no byte for this long is given up. */
const STALLED_AFTER_MS = 120_000
/** Go keeps what it downloads and compiles elsewhere: nothing is seen to grow until the program is there. */
const BUILT_AFTER_MS = 3_600_000

/** How pip, Maven and the libraries below them say that the other side was not reached, or not to the end. */
const NETWORK_TROUBLE =
  /unknown ?host|name or service not known|name resolution|no route|unreachable|refused|reset by peer|timed? ?out|broken pipe|premature end|incomplete ?read|certificate|ssl|checksum|could not transfer/i

/** Where artefacts come from. */
export interface ArtefactSource {
  /** Throws `ToolMissing` when a program that fetches any of these is not there. */
  requireTools(artefacts: readonly Artefact[]): Promise<void>
  /** Fills `target.dir`. */
  fetch(artefact: Artefact, target: FetchTarget): Promise<void>
}

/** The registries of Python, Maven and Go packages, by their own clients. */
export const registries: ArtefactSource = {
  async requireTools(artefacts) {
    const problems = await missingTools({ withGo: artefacts.some(({ fetch: step }) => step.with === 'go') })
    if (problems.length > 0) throw new ToolMissing(problems)
  },
  fetch: fetchArtefact,
}

/** Fetches an artefact's files into `target.dir`. Throws `DownloadFailed`, `DiskFull` or `Cancelled`. */
async function fetchArtefact(artefact: Artefact, target: FetchTarget): Promise<void> {
  const { file, args, env } = command(artefact, target)
  const stalled = new AbortController()
  const watch = watchProgress(artefact, target, () => stalled.abort())
  try {
    const signal = AbortSignal.any([stalled.signal, ...(target.signal ? [target.signal] : [])])
    await runCommand(file, args, { signal, ...(env && { env }) })
  } catch (error) {
    if (target.signal?.aborted) throw new Cancelled()
    throw await asFailure(artefact, target, error, stalled.signal.aborted)
  } finally {
    clearInterval(watch)
    target.terminal.show('')
  }
}

interface Command {
  file: string
  args: string[]
  env?: NodeJS.ProcessEnv
}

function command({ fetch: step, version }: Artefact, target: FetchTarget): Command {
  if (step.with === 'pip')
    return {
      file: 'python3',
      args: [
        ...['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--no-cache-dir'],
        ...['--no-deps', '--no-compile', '--only-binary=:all:', '--progress-bar=off', '--timeout=60'],
        ...['--target', target.dir, `${step.package}==${version}`],
      ],
    }
  if (step.with === 'go')
    return {
      file: 'go',
      args: ['install', `${step.module}@${version}`],
      env: { ...process.env, GOBIN: join(target.dir, 'bin') },
    }
  return {
    file: 'mvn',
    args: [
      // Batch mode; checksums must match; what could not be found a moment ago is asked for again.
      ...['-f', pathOf(step.pom), '-B', '-ntp', '-C', '-U'],
      `-Dmaven.repo.local=${target.downloadDir}`,
      // Maven 3.8 waits 30 minutes for a byte, unless told otherwise; later versions know the other name.
      ...['-Dmaven.wagon.http.readTimeout=60000', '-Daether.connector.requestTimeout=60000'],
      ...[`-DoutputDirectory=${target.dir}`, step.goal],
    ],
  }
}

function pathOf(pom: string): string {
  return new URL(`../${pom}`, import.meta.url).pathname
}

/** Tells each second how many megabytes have arrived; calls `onStalled` when none has for too long. */
function watchProgress(artefact: Artefact, target: FetchTarget, onStalled: () => void): NodeJS.Timeout {
  const { title, version, downloadMb, fetch: step } = artefact
  const stalledAfterMs = step.with === 'go' ? BUILT_AFTER_MS : STALLED_AFTER_MS
  let seen = 0
  let grewAtMs = Date.now()
  const look = async () => {
    const bytes = (await folderBytes(target.downloadDir)) + (await folderBytes(target.dir))
    if (bytes !== seen) grewAtMs = Date.now()
    else if (Date.now() - grewAtMs > stalledAfterMs) onStalled()
    seen = bytes
    if (step.with === 'go') return target.terminal.show(`${title}: being built, which takes minutes`)
    const arrivedMb = Math.min(Math.round(bytes / 1e6), downloadMb)
    target.terminal.show(
      arrivedMb < downloadMb
        ? `${title} ${version}: ${arrivedMb} of ${downloadMb} MB`
        : `${title} ${version}: unpacking`,
    )
  }
  return setInterval(look, 1_000)
}

async function asFailure(artefact: Artefact, target: FetchTarget, error: unknown, stalled: boolean) {
  const title = `${artefact.title} ${artefact.version}`
  const again =
    'Check the network (and mirrors or proxies in ~/.m2/settings.xml and pip.conf), then run the same command again.'
  if (stalled) return new DownloadFailed(title, 'not a byte came for two minutes.', again)
  if (!(error instanceof CommandFailed)) return error
  if (/no space left|disk quota/i.test(error.output))
    return new DiskFull(target.dir, artefact.diskMb, 0, 'TICKHOUSE_CACHE')
  const lines = stripVTControlCharacters(error.output).split('\n')
  const trouble = lines.find(line => NETWORK_TROUBLE.test(line))
  if (trouble) return new DownloadFailed(title, reasonIn(trouble), again)
  // Neither the network nor the disk: the downloads themselves are in doubt, so the next try begins without them.
  await rm(target.downloadDir, { recursive: true, force: true })
  const first = lines.find(line => /^(\[ERROR\]|ERROR:)/.test(line)) ?? lines.findLast(line => line !== '')
  return new DownloadFailed(
    title,
    reasonIn(first ?? ''),
    'What had arrived was thrown away; run the same command again.',
  )
}

/** A line of pip's or Maven's output without its marks. */
function reasonIn(line: string): string {
  return line.replace(/^\s*(\[?(ERROR|WARNING)[\]:])\s*/, '').slice(0, 400)
}
