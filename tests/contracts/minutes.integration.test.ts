import { afterAll } from 'vitest'
import { services } from '../integration/sandbox.ts'
import { minutesContract } from './minutesContract.ts'

const connections = services()
afterAll(() => connections.close())

minutesContract('Trino', async () => connections)
