import type { TopicLog } from '../../lib/ports.ts'

/** Kafka's logs, all of whose calls fail. */
export function failingTopicLog(error: Error): TopicLog {
  return {
    topicId: () => Promise.reject(error),
    groupOffsets: () => Promise.reject(error),
    offsets: () => Promise.reject(error),
    firstFrom: () => Promise.reject(error),
    isCompacted: () => Promise.reject(error),
    unseen: () => Promise.reject(error),
    last: () => Promise.reject(error),
    // biome-ignore lint/correctness/useYield: it fails before.
    async *records() {
      throw error
    },
  }
}
