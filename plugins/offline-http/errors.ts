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

/** The installed serverless-offline has another inside than the one this plugin was written for. */
export class WrongServerlessOffline extends OfflineHttpError {
  constructor(why: string) {
    super(
      'WRONG_SERVERLESS_OFFLINE',
      `plugins/offline-http is written for serverless-offline 14.8, and ${why}: install that, or adapt serverlessOffline.ts`,
    )
  }
}

/** `custom.offline-http` of serverless.yml asks for something that cannot be. */
export class MisconfiguredHttp extends OfflineHttpError {
  constructor(message: string) {
    super('MISCONFIGURED_HTTP', message)
  }
}
