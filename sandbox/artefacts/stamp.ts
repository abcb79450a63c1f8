import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const STAMP = '.installed.json'

/** What was installed: the version, and the size in bytes of each file under its relative path. */
interface Stamp {
  version: string
  files: Record<string, number>
}

/** Marks a folder as complete: written last, so that a folder with a stamp once had every file. */
export async function writeStamp(dir: string, version: string): Promise<void> {
  const stamp: Stamp = { version, files: await fileSizes(dir) }
  await writeFile(join(dir, STAMP), JSON.stringify(stamp))
}

/** True when the folder holds this version and every file of it still has its size. */
export async function isInstalled(dir: string, version: string): Promise<boolean> {
  const stamp = await readStamp(dir)
  if (stamp?.version !== version) return false
  const whole = Object.entries(stamp.files).map(([path, size]) => hasSize(join(dir, path), size))
  return (await Promise.all(whole)).every(Boolean)
}

async function readStamp(dir: string): Promise<Stamp | undefined> {
  try {
    const stamp: Stamp = JSON.parse(await readFile(join(dir, STAMP), 'utf8'))
    return typeof stamp?.files === 'object' ? stamp : undefined
  } catch {
    return undefined
  }
}

async function fileSizes(dir: string): Promise<Record<string, number>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const sizes = files.map(async file => [file.slice(dir.length + 1), (await stat(file)).size] as const)
  return Object.fromEntries(await Promise.all(sizes))
}

async function hasSize(file: string, size: number): Promise<boolean> {
  const found = await stat(file).catch(() => undefined)
  return found?.size === size
}

/** Bytes of all files under a folder; one that changes or is not there yet counts as far as it is seen. */
export async function folderBytes(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = entries
    .filter(entry => entry.isFile())
    .map(entry =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
