import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { clearDataFolder, openDataFolder, requireSpace } from '../../sandbox/dataFolder.ts'
import { temporaryFolder } from './support.ts'

describe('the data folder', () => {
  test('is made where there is none, and opened again', () => {
    const dir = join(temporaryFolder(), 'new', 'data')
    openDataFolder(dir)
    openDataFolder(dir)
    expect(existsSync(dir)).toBe(true)
  })

  test("with someone else's files is refused, and nothing written into it; another folder is taken", () => {
    const dir = temporaryFolder()
    writeFileSync(join(dir, 'letter.txt'), 'mine')
    expect(() => openDataFolder(dir)).toThrow(`${dir} is not empty and was not made by the sandbox`)
    expect(existsSync(join(dir, '.tickhouse-sandbox'))).toBe(false)
    openDataFolder(join(dir, 'data'))
    expect(existsSync(join(dir, 'data', '.tickhouse-sandbox'))).toBe(true)
  })

  test('is cleared of the 8 folders that the sandbox makes, and of nothing else', () => {
    const dir = temporaryFolder()
    openDataFolder(dir)
    const made = ['kafka', 'seaweedfs', 'minio', 'icebergRest', 'trino', 'prometheus', 'logs', 'run']
    for (const name of [...made, 'notes']) mkdirSync(join(dir, name))
    clearDataFolder(dir)
    expect(made.some(name => existsSync(join(dir, name)))).toBe(false)
    expect(existsSync(join(dir, 'notes'))).toBe(true)
  })

  test('that is not ours is never cleared', () => {
    const dir = temporaryFolder()
    mkdirSync(join(dir, 'kafka'))
    expect(() => clearDataFolder(dir)).toThrow(`${dir} was not made by the sandbox: nothing was removed`)
    expect(existsSync(join(dir, 'kafka'))).toBe(true)
  })
})

test('too small a disk is named with its folder, before the folder exists', () => {
  const dir = join(temporaryFolder(), 'not', 'yet')
  expect(() => requireSpace(dir, 1e9, 'TICKHOUSE_DATA')).toThrow(
    new RegExp(`^${dir} has \\d+ MB of free disk, 1000000000 MB are needed: .*TICKHOUSE_DATA=`),
  )
})
