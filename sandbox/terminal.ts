/** Where a person reads what goes on. */
export interface Terminal {
  /** A line that stays. */
  say(line: string): void
  /** What holds right now: replaced in place on a terminal, else written now and then. */
  show(line: string): void
}

/** How seldom a changing line is written where it cannot be replaced. */
const WRITE_EVERY_MS = 10_000

/** Writes to a terminal, or to a file or pipe that stands in for one. */
export function openTerminal(out: NodeJS.WriteStream = process.stdout): Terminal {
  return out.isTTY ? interactive(out) : plain(out)
}

function interactive(out: NodeJS.WriteStream): Terminal {
  let shown = ''
  const clear = '\r\u001b[K'
  const draw = () => out.write(clear + shown.slice(0, (out.columns || 80) - 1))
  return {
    say(line) {
      out.write(`${clear}${line}\n`)
      draw()
    },
    show(line) {
      shown = line
      draw()
    },
  }
}

function plain(out: NodeJS.WriteStream): Terminal {
  let writtenMs = Number.NEGATIVE_INFINITY
  const say = (line: string) => void out.write(`${line}\n`)
  return {
    say,
    show(line) {
      const nowMs = performance.now()
      if (line === '' || nowMs - writtenMs < WRITE_EVERY_MS) return
      writtenMs = nowMs
      say(line)
    },
  }
}
