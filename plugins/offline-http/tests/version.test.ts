import { expect, test } from 'vitest'
import { checkVersion } from '../serverlessOffline.ts'

test('another version of serverless-offline is refused, and it is said what to do', () => {
  expect(() => checkVersion('14.8.2')).not.toThrow()
  for (const version of ['14.80.0', '14.9.0', '15.0.0', '13.8.2']) {
    expect(() => checkVersion(version)).toThrow(
      `plugins/offline-http is written for serverless-offline 14.8, and it is ${version}: install that, or adapt serverlessOffline.ts`,
    )
  }
})
