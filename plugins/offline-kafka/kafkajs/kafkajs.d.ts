declare module 'kafkajs/src/protocol/requests/fetch/v11/request.js' {
  /** A Fetch request as kafkajs's connections send it. */
  export default function fetchRequest(fetch: {
    replicaId: number
    isolationLevel: number
    maxWaitTime: number
    minBytes: number
    maxBytes: number
    topics: {
      topic: string
      partitions: readonly { partition: number; fetchOffset: string; maxBytes: number }[]
    }[]
  }): object
}
