import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: of utime and stime, 100 on every common machine. */
const TICKS_PER_S = 100

const PROGRAM = new URL('publisher.ts', import.meta.url).pathname

/** A process of its own that publishes again and again. */
export class PublisherProcess {
  readonly #child: ChildProcess
  readonly #isReady: Promise<void>
  readonly #ended: Promise<unknown>
  /** How many all its calls made. */
  transactions = 0
  /** How its calls ended: `sent`, `idle`, `fenced`, or the code of an error. */
  readonly outcomes = new Map<string, number>()

  /** Starts one, and waits until it begins with its first call. */
  static async start(env: Readonly<Record<string, string>>): Promise<PublisherProcess> {
    const publisher = new PublisherProcess(env)
    await publisher.#isReady
    return publisher
  }

  private constructor(env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [PROGRAM], {
      env: { ...process.env, ...env, STAGE: 'local' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#ended = once(this.#child, 'exit')
    this.#isReady = new Promise((resolve, reject) => {
      this.#ended.then(() => reject(new Error('a publisher ended before it was ready')))
      createInterface(this.#child.stdout!).on('line', line => {
        if (line === 'ready') resolve()
        else this.#count(JSON.parse(line))
      })
    })
  }

  /** The most memory that it ever had, bytes; Linux tells. */
  get peakBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) * 1024
  }

  /** The processor time that it took so far, seconds; Linux tells. */
  get cpuS(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
    const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14)
    return (Number(user) + Number(system)) / TICKS_PER_S
  }

  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  /** Ends it at once, whatever it is doing. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  #count({ code, error, fenced, sent, transactions }: Record<string, unknown>): void {
    this.transactions += Number(transactions ?? 0)
    const outcome = error ? String(code ?? error) : fenced ? 'fenced' : sent === 0 ? 'idle' : 'sent'
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1)
  }
}
