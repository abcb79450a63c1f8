import { once } from 'node:events'
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'

/** A server's answer, with the body decompressed. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Connections of a browser to one origin, with HTTP/1.1. */
const CONNECTIONS = 6

const DECOMPRESS: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
}

/** One browser with connections of its own and without a cache. */
export class Browser {
  readonly #origin: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })

  /** `origin`: `http://127.0.0.1:3000`. */
  constructor(origin: string) {
    this.#origin = origin
  }

  /** Throws when there is no answer within `timeoutMs`, or when the connection breaks. */
  async get(
    path: string,
    timeoutMs: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const asked = request(new URL(path, this.#origin), {
      agent: this.#agent,
      signal: AbortSignal.timeout(timeoutMs),
      headers: { 'accept-encoding': Object.keys(DECOMPRESS).join(', '), ...headers },
    })
    // An error after the headers have come is thrown by reading the body.
    asked.on('error', () => undefined)
    asked.end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    const bytes = await buffer(response)
    const decompress = DECOMPRESS[response.headers['content-encoding'] ?? '']
    const plain = decompress && bytes.length > 0 ? await decompress(bytes) : bytes
    return { status: response.statusCode ?? 0, headers: response.headers, body: plain.toString() }
  }

  close(): void {
    this.#agent.destroy()
  }
}
