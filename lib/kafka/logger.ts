import type { LogEntry, logCreator } from 'kafkajs'

/** Where log lines go; one JSON object a call. */
export type WriteLine = (line: string) => void

/** What kafkajs adds to a message and is safe to print: never the request, its payload or the settings. */
const SAFE_FIELDS = [
  'broker',
  'clientId',
  'error',
  'groupId',
  'topic',
  'partition',
  'retryCount',
  'retryTime',
  'transactionalId',
]

/**
 * What says nothing new: an error that Kafka answered, or that a producer meets, is thrown at its caller as well, who
 * knows whether it matters (a fenced publisher is no error); or it is cured by a repetition.
 */
function isUnsaid({ namespace, log }: LogEntry): boolean {
  return namespace === 'Producer' || log.message.startsWith('Response ')
}

/** Makes kafkajs write JSON lines, `{ level, logger, message, … }`, with a fixed choice of fields. */
export function jsonLog(write: WriteLine): logCreator {
  return () => entry => {
    if (!isUnsaid(entry)) write(JSON.stringify(lineOf(entry)))
  }
}

function lineOf({ namespace, label, log }: LogEntry): Record<string, unknown> {
  const fields = SAFE_FIELDS.filter(name => isScalar(log[name])).map(name => [name, log[name]])
  return {
    level: label.toLowerCase(),
    logger: namespace ? `kafkajs.${namespace}` : 'kafkajs',
    message: log.message,
    ...Object.fromEntries(fields),
  }
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number'
}
