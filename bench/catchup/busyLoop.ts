import { spawn } from 'node:child_process'
import type { BenchRun } from '../benches.ts'

/** Keeps one core busy until the bench ends. */
export function startBusyLoop({ onEnd, progress }: BenchRun): void {
  progress('a busy loop on one core …')
  const child = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' })
  onEnd.defer(() => void child.kill('SIGKILL'))
}
