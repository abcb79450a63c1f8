import { expect, test } from 'vitest'
import { MemoryQuery } from '../support/memoryQuery.ts'
import { newWorld, SETTINGS } from '../support/world.ts'
import { minutesContract } from './minutesContract.ts'

minutesContract('the double of Trino', async () => {
  const { catalog, services } = await newWorld()
  const { store } = services
  return { catalog, store, query: new MemoryQuery({ catalog, store }), settings: SETTINGS }
})

test.each(['SELECT 1', 'SELECT source, symbol FROM lake.market_data.stock_ticks'])(
  'the double of Trino does not answer %s',
  async sql => {
    const { catalog, services } = await newWorld()
    const query = new MemoryQuery({ catalog, store: services.store })
    await expect(query.rows(sql)).rejects.toThrow('does not know what this means')
  },
)
