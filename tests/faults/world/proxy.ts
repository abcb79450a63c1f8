import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { until } from '../until.ts'

/** One request that came to the proxy, and what can be made of it. */
export interface Exchange {
  readonly method: string
  readonly path: string
  /** Lets it through to the server; the answer is held until `answer`. May be called after the client has gone. */
  forward(): Promise<Answer>
  /** Answers the client. */
  answer(answer: Answer): void
  /** Ends the connection: without an answer, or after half of this one. */
  cut(half?: Answer): void
}

/** What a server answered. */
export interface Answer {
  readonly status: number
  readonly headers?: IncomingHttpHeaders
  readonly body?: Buffer
}

/** What becomes of a request. */
export type Fate = (exchange: Exchange) => Promise<void> | void

interface Rule {
  readonly concerns: (exchange: Exchange) => boolean
  readonly fate: Fate
}

const passOn: Fate = async exchange => exchange.answer(await exchange.forward())

/** Stands before a server, lets everything through, and does as it is told with some requests. */
export class FaultProxy {
  readonly #server: Server
  readonly #target: URL
  readonly #rules = new Set<Rule>()

  /** A proxy of the server at `target` on a free port. */
  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(new URL(target))
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  private constructor(target: URL) {
    this.#target = target
    this.#server = createServer((incoming, outgoing) => {
      this.#serve(incoming, outgoing).catch(() => incoming.destroy())
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Applies the fate to the next request of this kind, and resolves when that is done. Throws when none comes. */
  async once(concerns: (exchange: Exchange) => boolean, fate: Fate): Promise<void> {
    let isStruck = false
    const rule: Rule = {
      concerns,
      fate: async exchange => {
        this.#rules.delete(rule)
        await fate(exchange)
        isStruck = true
      },
    }
    this.#rules.add(rule)
    try {
      await until('a request that the harm is meant for', () => isStruck)
    } finally {
      this.#rules.delete(rule)
    }
  }

  /** Applies the fate to every request of this kind for a while, which begins with the first. Throws when none comes. */
  async during(ms: number, concerns: (exchange: Exchange) => boolean, fate: Fate): Promise<void> {
    let firstMs: number | undefined
    const rule: Rule = {
      concerns,
      fate: exchange => {
        firstMs ??= performance.now()
        return fate(exchange)
      },
    }
    this.#rules.add(rule)
    try {
      await until('requests that the harm is meant for', () => firstMs && performance.now() >= firstMs + ms)
    } finally {
      this.#rules.delete(rule)
    }
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #serve(incoming: IncomingMessage, outgoing: import('node:http').ServerResponse): Promise<void> {
    const body = await buffer(incoming)
    const exchange: Exchange = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      forward: () => this.#forward(incoming, body),
      answer: ({ status, headers = {}, body }) => {
        if (!outgoing.destroyed) outgoing.writeHead(status, headers).end(body)
      },
      cut: half => {
        if (half?.body)
          outgoing.writeHead(half.status, half.headers).write(half.body.subarray(0, half.body.length / 2))
        setImmediate(() => incoming.socket.destroy())
      },
    }
    const rule = [...this.#rules].find(({ concerns }) => concerns(exchange))
    await (rule?.fate ?? passOn)(exchange)
  }

  /** The `host` header stays the proxy's: S3 requests are signed with it. */
  async #forward({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    const { hostname, port } = this.#target
    const outgoing = request({ hostname, port, method, path: url, headers, agent: false })
    outgoing.end(body)
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    const { 'transfer-encoding': _, connection: __, ...kept } = answer.headers
    return { status: answer.statusCode ?? 500, headers: kept, body: await buffer(answer) }
  }
}
