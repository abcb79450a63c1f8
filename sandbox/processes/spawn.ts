import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, renameSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { identify } from './identity.ts'
import { type PidRecord, type StartedBy, writePidFile } from './pidFile.ts'

/** A program to be spawned; it sees these variables and no others of ours. */
export interface ProgramCommand {
  file: string
  args: string[]
  cwd: string
  env: NodeJS.ProcessEnv
}

/** Where its output and its pid are kept. */
export interface Keeping {
  logFile: string
  pidFile: string
  startedBy: StartedBy
  ports: number[]
}

/**
 * Starts a program that outlives us, in a session of its own, so that Ctrl-C reaches us and not it. Its output goes to
 * `logFile` (the previous log is kept as `.1`), its pid to `pidFile`. One that cannot be started gives a record of no
 * living process.
 */
export function spawnDetached({ file, args, cwd, env }: ProgramCommand, keeping: Keeping): PidRecord {
  const log = openLog(keeping.logFile)
  const inherited = { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR }
  const child: ChildProcess = spawn(file, args, {
    cwd,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...inherited, ...env },
  })
  closeSync(log)
  child.on('error', () => undefined)
  child.unref()
  const identity = identify(child.pid ?? 0) ?? { pid: child.pid ?? 0, startedAt: 'never' }
  const record = { ...identity, startedBy: keeping.startedBy, ports: keeping.ports }
  writePidFile(keeping.pidFile, record)
  return record
}

function openLog(logFile: string): number {
  mkdirSync(dirname(logFile), { recursive: true })
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`)
  return openSync(logFile, 'a')
}

/** The last `bytes` of a file as text. */
export async function tail(file: string, bytes = 16_384): Promise<string> {
  const handle = await open(file)
  try {
    const { size } = await handle.stat()
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, Math.max(0, size - bytes))
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}
