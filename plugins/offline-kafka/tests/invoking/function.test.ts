import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FunctionDefinition } from '../../host.ts'
import { environmentOf } from '../../invoking/environment.ts'
import { readFunction } from '../../invoking/function.ts'
import { serverless } from '../support/serverless.ts'

const handler = 'functions/f.handler'
const read = (
  definition: FunctionDefinition,
  provider: Parameters<typeof serverless>[1] = {},
  options: Parameters<typeof readFunction>[2] = {},
) => readFunction(serverless({ f: { handler, ...definition } }, provider), 'f', options)

describe('readFunction', () => {
  it("takes timeout and memory of the function, else of the provider, else serverless's 6 s and 1024 MB", () => {
    const provider = { timeout: 9, memorySize: 512 }
    const found = [read({ timeout: 7, memorySize: 128 }, provider), read({}, provider), read({})]
    expect(found.map(one => [one.timeoutMs, one.memorySizeMb])).toEqual([
      [7000, 128],
      [9000, 512],
      [6000, 1024],
    ])
  })

  it('finds the code where the bundler has put it, and knows no end with noTimeout', () => {
    expect(read({}).codeDir).toBe('/service')
    const bundled = read({}, {}, { location: '.esbuild/.build', noTimeout: true })
    expect(bundled.codeDir).toBe(resolve('/service/.esbuild/.build'))
    expect(bundled.timeoutMs).toBe(Number.POSITIVE_INFINITY)
  })

  it('refuses a function that is not written for Node, by name', () => {
    expect(() => read({ runtime: 'python3.14' })).toThrow(
      'function f has a kafka event, but no handler in Node',
    )
  })
})

describe('environmentOf', () => {
  const sources = {
    functionName: 'service-dev-f',
    handler,
    memorySizeMb: 256,
    region: 'eu-west-1',
    declared: [
      { A: 'provider', B: 'provider' },
      { B: 'function', NUMBER: 5, NOT_SET: null },
    ],
    own: { HOME: '/home', AWS_PROFILE: 'mine', AWS_REGION: 'elsewhere' },
    localEnvironment: false,
  }

  it("gives Lambda's variables and the declared ones, those of the function over the provider's, and AWS_… of its own", () => {
    const env = environmentOf(sources)
    expect(env).toMatchObject({
      A: 'provider',
      B: 'function',
      NUMBER: '5',
      AWS_PROFILE: 'mine',
      AWS_REGION: 'eu-west-1',
      AWS_LAMBDA_FUNCTION_NAME: 'service-dev-f',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      _HANDLER: handler,
      IS_OFFLINE: 'true',
    })
    expect(env).not.toHaveProperty('HOME')
    expect(env).not.toHaveProperty('NOT_SET')
  })

  it('gives all of its own variables with localEnvironment', () => {
    expect(environmentOf({ ...sources, localEnvironment: true }).HOME).toBe('/home')
  })

  it('joins and substitutes, and leaves what only CloudFormation knows as JSON', () => {
    const declared = [
      {
        JOINED: { 'Fn::Join': ['-', ['a', { 'Fn::Join': ['', ['b', 'c']] }]] },
        FILLED: { 'Fn::Sub': ['$' + '{who}@$' + '{AWS::Region}', { who: 'me' }] },
        UNKNOWN: { Ref: 'Table' },
      },
    ]
    expect(environmentOf({ ...sources, declared })).toMatchObject({
      JOINED: 'a-bc',
      FILLED: 'me@${' + 'AWS::Region}',
      UNKNOWN: '{"Ref":"Table"}',
    })
  })
})
