/** The base of every error that this plugin throws: `code` is stable and for machines, `message` for people. */
export class OfflineHttpError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    // serverless shows errors of this name by their message alone, all others with their stack
    this.name = 'ServerlessError'
    this.code = code
  }
}

/** The internals of the installed serverless-offline are not those that this plugin was written for. */
export class WrongServerlessOffline extends OfflineHttpError {
  constructor(why: string) {
    super(
      'WRONG_SERVERLESS_OFFLINE',
      `plugins/offline-http is written for serverless-offline 14.8, and ${why}: install that, or adapt serverlessOffline.ts`,
    )
  }
}

/** `custom.offline-http` in serverless.yml has a wrong value. */
export class MisconfiguredHttp extends OfflineHttpError {
  constructor(message: string) {
    super('MISCONFIGURED_HTTP', message)
  }
}
