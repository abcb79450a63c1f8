import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, type ProcessIdentity } from './identity.ts'

/**
 * Asks a process to end and waits for it; after `graceMs` it is killed. Only ever touches exactly that process:
 * one that has gone, or whose pid another has been given since, is left alone.
 */
export async function stopProcess(
  identity: ProcessIdentity,
  graceMs: number,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  send(identity, signal)
  if (await isGone(identity, graceMs)) return
  send(identity, 'SIGKILL')
  await isGone(identity, 10_000)
}

/** Ends a process at once (SIGKILL) and waits until it is gone. */
export async function killProcess(identity: ProcessIdentity): Promise<void> {
  send(identity, 'SIGKILL')
  await isGone(identity, 10_000)
}

function send(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return
  try {
    process.kill(identity.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function isGone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs
  while (isAlive(identity)) {
    if (Date.now() > deadline) return false
    await sleep(50)
  }
  return true
}
