import type { BenchRun } from './benches.ts'
import { BenchFailed } from './until.ts'

/** A whole number of the command line, or the fallback. Throws, with what is wanted, for any other text and below `least`. */
export function wholeNumber(
  { values }: Pick<BenchRun, 'values'>,
  name: string,
  fallback: number,
  least = 1,
): number {
  return parse(name, values[name] ?? fallback, least)
}

/** Whole numbers from 1 with commas between them, or the fallback. Throws as `wholeNumber` does. */
export function wholeNumbers({ values }: Pick<BenchRun, 'values'>, name: string, fallback: string): number[] {
  return list(values[name] ?? fallback).map(text => parse(name, text, 1))
}

/** What lies between commas. */
export function list(text: string | boolean): string[] {
  return String(text)
    .split(',')
    .filter(part => part !== '')
}

function parse(name: string, given: string | boolean | number, least: number): number {
  const number = Number(given)
  if (Number.isSafeInteger(number) && number >= least) return number
  throw new BenchFailed(`--${name} ${given} cannot be: a whole number from ${least} is wanted`)
}
