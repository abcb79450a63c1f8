import { readFileSync } from 'node:fs'

const LOOK_EVERY_MS = 500

/** Watches a process twice a second for its highest count of threads and its highest memory (RSS). */
export class ProcessWatch {
  threads = 0
  rssBytes = 0
  readonly #pid: number
  readonly #timer: NodeJS.Timeout

  constructor(pid: number) {
    this.#pid = pid
    this.#look()
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const status = readStatus(this.#pid)
    const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
    this.threads = Math.max(this.threads, number('Threads'))
    this.rssBytes = Math.max(this.rssBytes, number('VmRSS') * 1024)
  }
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}
