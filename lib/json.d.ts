/** What stands in Node 24 and not yet in TypeScript's library: https://github.com/tc39/proposal-json-parse-with-source */
interface JSON {
  /** Gives the reviver the source text of each number, text, boolean and null. */
  parse<Value>(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): Value
  /** What `stringify` writes as this text. */
  rawJSON(text: string): object
}
