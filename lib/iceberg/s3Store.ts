import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import type { ObjectStore, StoredFile } from '../ports.ts'
import { ObjectMissing, StoreRejected, StoreUnavailable, UnreadableFile } from './errors.ts'

/** How to reach an S3-compatible store. */
export interface S3StoreOptions {
  /** Left out: AWS itself. */
  readonly endpoint?: string
  readonly region: string
  /** Left out: the default provider chain of the AWS SDK. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** True for stores that have no host name for each bucket. */
  readonly forcePathStyle?: boolean
  /** Per request; 30 s by default. */
  readonly timeoutMs?: number
}

/** Objects of an S3-compatible store, under `s3://bucket/key` (`s3a` and `s3n` mean the same). */
export class S3Store implements ObjectStore {
  readonly #client: S3Client
  readonly #timeoutMs: number

  constructor({ endpoint, region, credentials, forcePathStyle = false, timeoutMs = 30_000 }: S3StoreOptions) {
    this.#timeoutMs = timeoutMs
    this.#client = new S3Client({
      region,
      forcePathStyle,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
      // Trailing checksums are an extension of AWS that other stores do not all take.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    })
  }

  read(uri: string): Promise<Uint8Array> {
    return this.#get(uri)
  }

  async readRange(uri: string, from: number, to: number): Promise<Uint8Array> {
    // HTTP has no empty range: https://www.rfc-editor.org/rfc/rfc9110#section-14.1.1
    if (from >= to) return new Uint8Array(0)
    const bytes = await this.#get(uri, `bytes=${from}-${to - 1}`)
    if (bytes.length !== to - from) throw tooShort(uri, to)
    return bytes
  }

  async #get(uri: string, range?: string): Promise<Uint8Array> {
    const { bucket, key } = parseUri(uri)
    const command = new GetObjectCommand({ Bucket: bucket, Key: key, ...(range && { Range: range }) })
    return this.#asked(`reading ${uri}`, async abortSignal => {
      const { Body } = await this.#client.send(command, { abortSignal })
      if (!Body) throw new StoreUnavailable(`reading ${uri}: an answer without a body`)
      return Body.transformToByteArray()
    })
  }

  async write(uri: string, bytes: Uint8Array): Promise<void> {
    const { bucket, key } = parseUri(uri)
    await this.#asked(`writing ${uri}`, abortSignal =>
      this.#client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }), { abortSignal }),
    )
  }

  async remove(uri: string): Promise<void> {
    const { bucket, key } = parseUri(uri)
    await this.#asked(`removing ${uri}`, abortSignal =>
      this.#client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), { abortSignal }),
    )
  }

  async *list(prefix: string): AsyncGenerator<readonly StoredFile[]> {
    const { bucket, key } = parseUri(prefix)
    let token: string | undefined
    do {
      const page = await this.#listPage(bucket, key, token)
      yield (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified }) => {
        return {
          uri: `s3://${bucket}/${Key}`,
          sizeBytes: Size,
          modifiedMs: LastModified?.getTime() ?? Date.now(),
        }
      })
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  #listPage(bucket: string, prefix: string, token: string | undefined): Promise<ListObjectsV2CommandOutput> {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    })
    return this.#asked(`listing s3://${bucket}/${prefix}`, abortSignal =>
      this.#client.send(command, { abortSignal }),
    )
  }

  /** Ends the connections. */
  close(): void {
    this.#client.destroy()
  }

  async #asked<Answer>(what: string, ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    try {
      return await ask(AbortSignal.timeout(this.#timeoutMs))
    } catch (cause) {
      throw failure(what, cause)
    }
  }
}

function parseUri(uri: string): { bucket: string; key: string } {
  const { bucket, key } = /^s3[an]?:\/\/(?<bucket>[^/]+)\/(?<key>.+)$/.exec(uri)?.groups ?? {}
  if (!bucket || !key) throw new StoreRejected(`${uri} is not of the form s3://bucket/key`)
  return { bucket, key }
}

function tooShort(uri: string, to: number): UnreadableFile {
  return new UnreadableFile(`reading ${uri}: the file ends before byte ${to}`)
}

function failure(what: string, error: unknown): Error {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  // The SDK's own error holds the whole exchange, sockets and signed headers included: nothing for a log.
  const details = { cause: new Error(`${name}: ${message}`) }
  const status = error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? 500) : 500
  if (name === 'NoSuchKey' || (status === 404 && name !== 'NoSuchBucket'))
    return new ObjectMissing(`${what}: no such object`, details)
  if (status === 416) return new UnreadableFile(`${what}: the file is shorter than its table says`, details)
  if (status >= 400 && status < 500 && status !== 408 && status !== 429)
    return new StoreRejected(`${what}: ${name} (status ${status}); check bucket, keys and region`, details)
  return new StoreUnavailable(`${what}: ${name}: ${message}`, details)
}
