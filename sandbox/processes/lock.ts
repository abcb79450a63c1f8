import { randomUUID } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FolderBusy } from '../errors.ts'
import { identify, isAlive, type ProcessIdentity } from './identity.ts'

/** How to wait for a lock that another process holds. */
export interface LockOptions {
  /** What is locked, for the message. */
  what: string
  /** What the user can do about it. */
  cure: string
  waitMs: number
  /** Called once, when waiting begins. */
  onWait?: (pid: number) => void
}

/**
 * Takes the lock at `file` and gives the function that lets go of it. The lock of a process that died is taken over.
 * Throws `FolderBusy` when a living process holds it for longer than `waitMs`.
 */
export async function takeLock(file: string, options: LockOptions): Promise<() => void> {
  const me = identify(process.pid)!
  mkdirSync(dirname(file), { recursive: true })
  const deadline = Date.now() + options.waitMs
  let told = false
  while (!(await tryTake(file, me))) {
    const holder = holderOf(file)
    if (holder) {
      if (Date.now() >= deadline) throw new FolderBusy(options.what, holder.pid, options.cure)
      if (!told) options.onWait?.(holder.pid)
      told = true
      await sleep(200)
    }
  }
  return () => {
    if (isSame(holderOf(file), me)) rmSync(file, { force: true })
  }
}

/** The living process that holds the lock at `file`, if any. */
export function holderOf(file: string): ProcessIdentity | undefined {
  const holder = read(file)
  return holder && isAlive(holder) ? holder : undefined
}

async function tryTake(file: string, me: ProcessIdentity): Promise<boolean> {
  const holder = read(file)
  if (holder && isAlive(holder)) return false
  const draft = `${file}.${randomUUID()}`
  writeFileSync(draft, JSON.stringify(me))
  try {
    // A link is made only where no file is; the lock of a dead process (or a damaged one) has to be replaced.
    if (existsSync(file)) renameSync(draft, file)
    else linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(draft, { force: true })
  }
  // Two that found the same dead lock replace it one after the other: the last one has it.
  await sleep(50)
  return isSame(read(file), me)
}

function isSame(one: ProcessIdentity | undefined, other: ProcessIdentity): boolean {
  return one?.pid === other.pid && one.startedAt === other.startedAt
}

function read(file: string): ProcessIdentity | undefined {
  try {
    const holder: Partial<ProcessIdentity> = JSON.parse(readFileSync(file, 'utf8'))
    return Number.isInteger(holder.pid) ? (holder as ProcessIdentity) : undefined
  } catch {
    return undefined
  }
}
