import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { identify, isAlive, residentBytes } from '../../sandbox/processes/identity.ts'
import { takeLock } from '../../sandbox/processes/lock.ts'
import { readPidFile, writePidFile } from '../../sandbox/processes/pidFile.ts'
import { stopProcess } from '../../sandbox/processes/stop.ts'
import { crash, idleProcess, temporaryFolder } from './support.ts'

const record = (pid: number) => ({ ...identify(pid)!, startedBy: 'up' as const, ports: [9092] })

describe('a pid file', () => {
  test('gives the record of a process that runs', () => {
    const file = join(temporaryFolder(), 'run', 'kafka.json')
    const written = record(idleProcess().pid)
    writePidFile(file, written)
    expect(readPidFile(file)).toEqual(written)
  })

  test('of a process that crashed is removed', async () => {
    const file = join(temporaryFolder(), 'kafka.json')
    const child = idleProcess()
    writePidFile(file, record(child.pid))
    await crash(child)
    expect(readPidFile(file)).toBeUndefined()
    expect(existsSync(file)).toBe(false)
  })

  test('whose pid another process has been given since is removed, and that process left alone', async () => {
    const file = join(temporaryFolder(), 'kafka.json')
    const foreign = idleProcess()
    const stale = { ...record(foreign.pid), startedAt: 'long ago' }
    writePidFile(file, stale)
    expect(readPidFile(file)).toBeUndefined()
    await stopProcess(stale, 1_000)
    expect(identify(foreign.pid)).toBeDefined()
  })

  test.each(['', '{"pid":1', '{"pid":"1"}', 'null'])('that says %j is taken for none', text => {
    const file = join(temporaryFolder(), 'kafka.json')
    writeFileSync(file, text)
    expect(readPidFile(file)).toBeUndefined()
  })
})

describe('a process', () => {
  test('is stopped, and gone when that is done', async () => {
    const identity = identify(idleProcess().pid)!
    expect(residentBytes(identity.pid)).toBeGreaterThan(0)
    await stopProcess(identity, 5_000)
    expect(isAlive(identity)).toBe(false)
    expect(residentBytes(identity.pid)).toBe(0)
  })
})

describe('a lock', () => {
  const options = { what: 'The folder', cure: 'wait.', waitMs: 0 }

  test('is refused while its holder lives, by the pid', async () => {
    const file = join(temporaryFolder(), 'lock')
    const { pid } = idleProcess()
    writeFileSync(file, JSON.stringify(identify(pid)))
    await expect(takeLock(file, options)).rejects.toThrow(`The folder is in use by process ${pid}: wait.`)
  })

  test('is taken over from a holder that crashed', async () => {
    const file = join(temporaryFolder(), 'lock')
    const child = idleProcess()
    writeFileSync(file, JSON.stringify(identify(child.pid)))
    await crash(child)
    const release = await takeLock(file, options)
    release()
    expect(existsSync(file)).toBe(false)
  })

  test('that is damaged is taken over', async () => {
    const file = join(temporaryFolder(), 'lock')
    writeFileSync(file, '{"pi')
    await expect(takeLock(file, options)).resolves.toBeTypeOf('function')
  })

  test('is waited for, and had by one at a time of 5', async () => {
    const file = join(temporaryFolder(), 'lock')
    let inside = 0
    let most = 0
    const turn = async () => {
      const release = await takeLock(file, { ...options, waitMs: 20_000 })
      most = Math.max(most, ++inside)
      await new Promise(resolve => setTimeout(resolve, 5))
      inside--
      release()
    }
    await Promise.all(Array.from({ length: 5 }, turn))
    expect(most).toBe(1)
  })
})
