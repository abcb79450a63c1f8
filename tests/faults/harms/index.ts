import { COMMITS } from './commits.ts'
import { DEAD_LETTERS } from './deadLetters.ts'
import { GROUP_HARMS } from './group.ts'
import type { Harm } from './harm.ts'
import { KILLS } from './kills.ts'
import { RIVALS } from './rivals.ts'
import { STORE } from './store.ts'
import { TABLES } from './tables.ts'
import { TOPICS } from './topics.ts'

/** All that can be done to ingest; a new harm is one more row. */
export const HARMS: readonly Harm[] = [
  ...KILLS,
  ...COMMITS,
  ...STORE,
  ...RIVALS,
  ...DEAD_LETTERS,
  ...GROUP_HARMS,
  ...TABLES,
  ...TOPICS,
]
