import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isAlive, type ProcessIdentity } from './identity.ts'

/** Who brought a process up, and so who takes it down again: `up` leaves it until `down`. */
export type StartedBy = 'up' | 'start' | 'test'

/** What is kept on disk about a process of ours. */
export interface PidRecord extends ProcessIdentity {
  startedBy: StartedBy
  /** Where it listens. */
  ports: number[]
}

/** Keeps a record, whole or not at all. Synchronous: a crash right after a spawn must find it on disk. */
export function writePidFile(file: string, record: PidRecord): void {
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify(record))
  renameSync(draft, file)
}

/** The record of a process that still runs; the file of one that does not is removed, and undefined given. */
export function readPidFile(file: string): PidRecord | undefined {
  const record = parse(file)
  if (record && isAlive(record)) return record
  rmSync(file, { force: true })
  return undefined
}

/** Forgets a process. */
export function removePidFile(file: string): void {
  rmSync(file, { force: true })
}

function parse(file: string): PidRecord | undefined {
  try {
    const record: Partial<PidRecord> = JSON.parse(readFileSync(file, 'utf8'))
    const whole = Number.isInteger(record.pid) && typeof record.startedAt === 'string'
    return whole && Array.isArray(record.ports) ? (record as PidRecord) : undefined
  } catch {
    return undefined
  }
}
