/**
 * Fires once when this process is asked to end: Ctrl-C, a termination, a closed terminal, or the death of the process
 * that started it and keeps a channel to it. Later ones change nothing: the orderly end has begun.
 */
export function stopSignal(onStop: () => void): AbortSignal {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) return
    onStop()
    controller.abort()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop)
  process.on('disconnect', stop)
  process.channel?.unref()
  return controller.signal
}
