import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One answer: a page of Trino's protocol, a bare status, a dropped connection, or none at all. */
export type Answer = Page | { status: number } | 'drop' | 'hang'

export interface Page {
  columns?: { name: string; type: string }[]
  data?: unknown[][]
  error?: { message: string; errorCode: number; errorName: string; errorType: string }
  /** True when no page follows. */
  last?: boolean
}

export interface Received {
  method: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}

/** An HTTP server that speaks Trino's client protocol with prepared answers, and remembers what it was asked. */
export class FakeTrino {
  readonly received: Received[] = []
  readonly #server: Server
  #answers: Answer[] = []
  #page = 0

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async start(): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  /** Answers the coming requests with these, in order. */
  prepare(...answers: Answer[]): void {
    this.#answers = answers
    this.received.length = 0
  }

  /** Method and path of each request. */
  requests(): string[] {
    return this.received.map(({ method, path }) => `${method} ${path}`)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray()).toString()
    this.received.push({ method: request.method!, path: request.url!, headers: request.headers, body })
    if (request.method === 'DELETE') return void response.writeHead(204).end()
    const answer = this.#answers.shift() ?? { status: 404 }
    if (answer === 'drop') return void request.socket.destroy()
    if (answer === 'hang') return
    if ('status' in answer) return void response.writeHead(answer.status).end()
    const { last, ...page } = answer
    const nextUri = last ? undefined : `${this.url}/v1/statement/executing/q1/${++this.#page}`
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ id: 'q1', nextUri, ...page }))
  }
}
