import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { textLiteral } from '../../lib/trino/literals.ts'
import { withParameters } from '../../lib/trino/parameters.ts'

/** What SQL means by a text literal. */
function meant(literal: string): string {
  expect(literal).toMatch(/^'(?:[^']|'')*'$/su)
  return literal.slice(1, -1).replaceAll("''", "'")
}

describe('textLiteral', () => {
  test('is one literal, which means the text, whatever is in it', () => {
    const text = fc.string({ unit: fc.oneof(fc.constantFrom("'", '\\', '"', '\n', '\0', '-'), fc.string()) })
    fc.assert(
      fc.property(text, text => {
        fc.pre(text.isWellFormed())
        expect(meant(textLiteral(text))).toBe(text)
      }),
    )
  })

  test('refuses half an emoji, which would arrive as another text', () => {
    expect(() => textLiteral('\ud83d')).toThrow(RangeError)
  })
})

test('a statement and 2 values become one EXECUTE IMMEDIATE', () => {
  expect(withParameters("SELECT '?', ? + ?", ['1', "'a'"])).toBe(
    "EXECUTE IMMEDIATE 'SELECT ''?'', ? + ?' USING 1, 'a'",
  )
})
