import { readdirSync, readFileSync } from 'node:fs'

/** proc(5): CPU time is counted in ticks of a hundredth of a second. */
const TICKS_PER_SECOND = 100

/** What processes have used: CPU (user and system, ended children among it) and the memory they held at their worst. */
export interface Usage {
  readonly cpuS: number
  readonly peakBytes: number
}

/** Of one process, with the children that it has seen end; nothing once it is gone. */
export function usageOf(pid: number): Usage {
  const stat = fieldsOf(pid)
  const cpuTicks = CPU_FIELDS.reduce((sum, field) => sum + Number(stat?.[field] ?? 0), 0)
  const peakKb = /^VmHWM:\s+(\d+) kB$/m.exec(read(pid, 'status') ?? '')?.[1]
  return { cpuS: cpuTicks / TICKS_PER_SECOND, peakBytes: Number(peakKb ?? 0) * 1024 }
}

/** Of a process that began a session of its own, and of all that it has started since. */
export function usageOfSession(leader: number): Usage {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  const members = pids.filter(pid => Number(fieldsOf(pid)?.[SESSION]) === leader).map(usageOf)
  return {
    cpuS: members.reduce((sum, { cpuS }) => sum + cpuS, 0),
    peakBytes: members.reduce((sum, { peakBytes }) => sum + peakBytes, 0),
  }
}

/** Places after the parenthesised name in /proc/PID/stat (proc(5)). */
const SESSION = 3
/** utime, stime, cutime, cstime. */
const CPU_FIELDS = [11, 12, 13, 14]

function fieldsOf(pid: number): string[] | undefined {
  const stat = read(pid, 'stat')
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}
