import { rm } from 'node:fs/promises'
import { stripVTControlCharacters } from 'node:util'
import { Cancelled, CommandFailed, DiskFull, DownloadFailed, ToolMissing } from '../errors.ts'
import { runCommand } from '../processes/command.ts'
import type { Terminal } from '../terminal.ts'
import { missingTools } from '../tools.mjs'
import { folderBytes } from './stamp.ts'
import type { Artefact } from './table.ts'

/** A wheel from the Python package index, or a goal of `sandbox/pom.xml`. */
export type FetchStep = { with: 'pip'; package: string } | { with: 'mvn'; goal: string }

/** Where to fetch to, and whom to tell. */
export interface FetchTarget {
  /** An empty folder that is to hold the files. */
  dir: string
  /** Keeps downloads until they are installed, so that a second try goes on where the first ended. */
  downloadDir: string
  terminal: Terminal
  signal?: AbortSignal | undefined
}

const POM = new URL('../pom.xml', import.meta.url).pathname

/** A download that gains no byte for this long is given up. */
const STALLED_AFTER_MS = 120_000

/** How pip, Maven and the libraries below them say that the other side was not reached, or not to the end. */
const NETWORK_TROUBLE =
  /unknown ?host|name or service not known|name resolution|no route|unreachable|refused|reset by peer|timed? ?out|broken pipe|premature end|incomplete ?read|certificate|ssl|checksum|could not transfer/i

/** Where artefacts come from. */
export interface ArtefactSource {
  /** Throws `ToolMissing` when a program that fetches is not there. */
  requireTools(): Promise<void>
  /** Fills `target.dir`. */
  fetch(artefact: Artefact, target: FetchTarget): Promise<void>
}

/** The registries of Python and Maven packages, by their own clients. */
export const registries: ArtefactSource = {
  async requireTools() {
    const problems = await missingTools()
    if (problems.length > 0) throw new ToolMissing(problems)
  },
  fetch: fetchArtefact,
}

/** Fetches an artefact's files into `target.dir`. Throws `DownloadFailed`, `DiskFull` or `Cancelled`. */
async function fetchArtefact(artefact: Artefact, target: FetchTarget): Promise<void> {
  const { file, args } = command(artefact, target)
  const stalled = new AbortController()
  const watch = watchProgress(artefact, target, () => stalled.abort())
  try {
    const signal = AbortSignal.any([stalled.signal, ...(target.signal ? [target.signal] : [])])
    await runCommand(file, args, { signal })
  } catch (error) {
    if (target.signal?.aborted) throw new Cancelled()
    throw await asFailure(artefact, target, error, stalled.signal.aborted)
  } finally {
    clearInterval(watch)
    target.terminal.show('')
  }
}

function command({ fetch: step, version }: Artefact, target: FetchTarget): { file: string; args: string[] } {
  if (step.with === 'pip')
    return {
      file: 'python3',
      args: [
        ...['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--no-cache-dir'],
        ...['--no-deps', '--no-compile', '--only-binary=:all:', '--progress-bar=off', '--timeout=60'],
        ...['--target', target.dir, `${step.package}==${version}`],
      ],
    }
  return {
    file: 'mvn',
    args: [
      // Batch mode; checksums must match; what could not be found a moment ago is asked for again.
      ...['-f', POM, '-B', '-ntp', '-C', '-U', `-Dmaven.repo.local=${target.downloadDir}`],
      // Maven 3.8 waits 30 minutes for a byte, unless told otherwise; later versions know the other name.
      ...['-Dmaven.wagon.http.readTimeout=60000', '-Daether.connector.requestTimeout=60000'],
      ...[`-DoutputDirectory=${target.dir}`, step.goal],
    ],
  }
}

/** Tells each second how many megabytes have arrived; calls `onStalled` when none has for too long. */
function watchProgress(artefact: Artefact, target: FetchTarget, onStalled: () => void): NodeJS.Timeout {
  const { title, version, downloadMb } = artefact
  let seen = 0
  let grewAtMs = Date.now()
  const look = async () => {
    const bytes = (await folderBytes(target.downloadDir)) + (await folderBytes(target.dir))
    if (bytes !== seen) grewAtMs = Date.now()
    else if (Date.now() - grewAtMs > STALLED_AFTER_MS) onStalled()
    seen = bytes
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
