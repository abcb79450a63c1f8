import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { platform } from 'node:os'

/** A process told apart from any later one that is given the same pid. */
export interface ProcessIdentity {
  pid: number
  /** When it started, in whatever form this system tells it; only equality counts. */
  startedAt: string
}

/** The running process with this pid, or undefined when there is none (a zombie is none). */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = platform() === 'linux' ? startTicks(pid) : psField(pid, 'lstart')
  return startedAt === undefined ? undefined : { pid, startedAt }
}

/** True while exactly this process runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt
}

/** Resident memory in bytes; 0 when the process is gone. */
export function residentBytes(pid: number): number {
  if (platform() !== 'linux') return Number(psField(pid, 'rss') ?? 0) * 1024
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status') ?? '')?.[1]
  return Number(kilobytes ?? 0) * 1024
}

/** The short name of a process (`java`), or undefined when it is gone or hidden. */
export function processName(pid: number): string | undefined {
  return platform() === 'linux' ? readProc(pid, 'comm')?.trim() : psField(pid, 'comm')
}

/**
 * Fields of /proc/PID/stat after the parenthesised name (proc(5)): the state is the first, the number of threads the
 * eighteenth, the start time the twentieth. A killed process can be a zombie whose other threads still hold its ports.
 */
function startTicks(pid: number): string | undefined {
  const stat = readProc(pid, 'stat')
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  const isOver = fields?.[0] === 'X' || (fields?.[0] === 'Z' && Number(fields[17]) <= 1)
  return isOver ? undefined : fields?.[19]
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}

function psField(pid: number, field: string): string | undefined {
  try {
    const [state, ...rest] = execFileSync('ps', ['-o', 'state=', '-o', `${field}=`, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .trim()
      .split(/\s+/)
    return state === undefined || state.startsWith('Z') ? undefined : rest.join(' ')
  } catch {
    return undefined
  }
}
