import type { Case } from './case.ts'
import { DOCUMENTS } from './documents.ts'
import { EXTRAS } from './extras.ts'
import { NAMES } from './names.ts'
import { NUMBERS } from './numbers.ts'
import { TIMES_OF_TICKS } from './times.ts'

/** What may come on the ticks topic, and what must become of it. */
export const CORPUS: readonly Case[] = [...DOCUMENTS, ...NUMBERS, ...NAMES, ...TIMES_OF_TICKS, ...EXTRAS]
