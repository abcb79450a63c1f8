import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DataFolderRefused, DiskFull } from './errors.ts'
import { SERVER_NAMES } from './servers/definition.ts'

const MARKER = '.tickhouse-sandbox'

/** What the sandbox writes inside its data folder; nothing else there is ever removed. */
const CONTENTS = [...SERVER_NAMES, 'logs', 'run']

/** A start needs little; servers that meet a full disk in mid-write recover badly. */
const NEEDED_MB = 512

/** Paths inside the data folder. */
export function dataPaths(dataDir: string) {
  return {
    logs: join(dataDir, 'logs'),
    logFile: (name: string) => join(dataDir, 'logs', `${name}.log`),
    pidFile: (name: string) => join(dataDir, 'run', `${name}.json`),
    /** Held while servers are being brought up or down. */
    lock: join(dataDir, 'run', 'sandbox.lock'),
    /** Held by `npm start` for as long as it runs. */
    startLock: join(dataDir, 'run', 'start.lock'),
  }
}

/**
 * Makes the data folder, or takes one that is ours. Throws `DataFolderRefused` when it holds someone else's files or
 * lies on a disk that cannot tell `candle_m1` from `candle_M1`, and `DiskFull` when there is no room to work.
 */
export function openDataFolder(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true })
  if (!isDataFolder(dataDir) && readdirSync(dataDir).length > 0)
    throw new DataFolderRefused(
      dataDir,
      'is not empty and was not made by the sandbox: choose another folder with TICKHOUSE_DATA=….',
    )
  writeFileSync(join(dataDir, MARKER), 'Data of a tickhouse sandbox; `npm run sandbox -- reset` clears it.\n')
  if (existsSync(join(dataDir, MARKER.toUpperCase())))
    throw new DataFolderRefused(
      dataDir,
      'is on a disk that ignores upper and lower case, where the topics candle_m1 and candle_M1 would be one: choose a folder on a case-sensitive volume with TICKHOUSE_DATA=….',
    )
  requireSpace(dataDir, NEEDED_MB, 'TICKHOUSE_DATA')
}

/** Removes all that the sandbox made in its data folder. The caller has made sure that no server runs on it. */
export function clearDataFolder(dataDir: string): void {
  requireDataFolder(dataDir)
  for (const name of CONTENTS) rmSync(join(dataDir, name), { recursive: true, force: true })
}

/** Throws `DataFolderRefused` for a folder that the sandbox has not made. */
export function requireDataFolder(dataDir: string): void {
  if (!isDataFolder(dataDir))
    throw new DataFolderRefused(
      dataDir,
      'was not made by the sandbox: nothing was removed. Check TICKHOUSE_DATA.',
    )
}

/** Throws `DiskFull` when the disk of this folder, which need not exist yet, has less than `neededMb` free. */
export function requireSpace(dir: string, neededMb: number, variable: string): void {
  const freeMb = freeMegabytes(dir)
  if (freeMb < neededMb) throw new DiskFull(dir, neededMb, freeMb, variable)
}

function freeMegabytes(dir: string): number {
  if (!existsSync(dir)) return freeMegabytes(dirname(dir))
  const { bavail, bsize } = statfsSync(dir)
  return Math.floor((bavail * bsize) / 1e6)
}

/** True when the sandbox made this folder, and may write to it and clear it. */
export function isDataFolder(dataDir: string): boolean {
  return existsSync(join(dataDir, MARKER))
}
