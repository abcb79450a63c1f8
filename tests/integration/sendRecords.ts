import type { Message } from 'kafkajs'
import { plainKafka } from './sandbox.ts'

/** A record that was sent, and where it lies. */
export interface Sent {
  readonly message: Message
  readonly partition: number
  readonly offset: number
}

/** One request holds so much: a topic takes larger records, but not larger batches. */
const REQUEST_BYTES = 500_000

/** Sends records to one partition, in their order; one larger than a request goes alone. */
export async function sendRecords(
  topic: string,
  partition: number,
  messages: readonly Message[],
): Promise<Sent[]> {
  const producer = plainKafka().producer()
  await producer.connect()
  try {
    const sent: Sent[] = []
    for (const request of requestsOf(messages)) {
      const answer = await producer.send({
        topic,
        messages: request.map(message => ({ ...message, partition })),
      })
      const first = Number(answer[0]?.baseOffset)
      sent.push(...request.map((message, i) => ({ message, partition, offset: first + i })))
    }
    return sent
  } finally {
    await producer.disconnect()
  }
}

function requestsOf(messages: readonly Message[]): Message[][] {
  const requests: Message[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const message of messages) {
    const size = (message.value?.length ?? 0) + 200
    if (bytes + size > REQUEST_BYTES) {
      requests.push([])
      bytes = 0
    }
    requests.at(-1)!.push(message)
    bytes += size
  }
  return requests
}
