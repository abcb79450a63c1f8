/** A JSON value; numbers are their digits, and of two fields with one name the last one counts. */
export type Node = null | boolean | string | { readonly digits: string } | Node[] | Map<string, Node>

/** The value that a text holds and how deep it nests, or undefined when it is no JSON: RFC 8259, letter by letter. */
export function parseSlowly(text: string): { value: Node; depth: number } | undefined {
  try {
    const parser = new Parser(text)
    const value = parser.value()
    parser.end()
    return { value, depth: parser.deepest }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

class Parser {
  deepest = 0
  #depth = 0
  #rest: string

  constructor(text: string) {
    this.#rest = text
  }

  value(): Node {
    this.#space()
    const node = this.#bare()
    this.#space()
    return node
  }

  end(): void {
    if (this.#rest !== '') throw new SyntaxError('more than one value')
  }

  #bare(): Node {
    if (this.#takes(/^null/)) return null
    if (this.#takes(/^true/)) return true
    if (this.#takes(/^false/)) return false
    if (this.#rest.startsWith('"')) return this.#string()
    if (this.#takes(/^\[/)) return this.#list(/^\]/, () => this.value())
    if (this.#takes(/^\{/)) return new Map(this.#list(/^\}/, () => this.#field()))
    const digits = this.#takes(/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/)
    if (digits) return { digits }
    throw new SyntaxError('no value')
  }

  #list<Item>(end: RegExp, item: () => Item): Item[] {
    this.deepest = Math.max(this.deepest, ++this.#depth)
    this.#space()
    const items: Item[] = []
    if (!this.#takes(end)) {
      do items.push(item())
      while (this.#takes(/^,/))
      if (!this.#takes(end)) throw new SyntaxError('no end of a list')
    }
    this.#depth--
    return items
  }

  #field(): [string, Node] {
    this.#space()
    const name = this.#string()
    this.#space()
    if (!this.#takes(/^:/)) throw new SyntaxError('no colon')
    return [name, this.value()]
  }

  #string(): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what JSON forbids
    const quoted = this.#takes(/^"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/)
    if (!quoted) throw new SyntaxError('no text')
    return quoted.slice(1, -1).replace(/\\(?:u(.{4})|(.))/g, (_, code, letter) => {
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
      return { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }[letter as string] ?? letter
    })
  }

  #space(): void {
    this.#takes(/^[ \t\r\n]+/)
  }

  #takes(pattern: RegExp): string | undefined {
    const [taken] = pattern.exec(this.#rest) ?? []
    if (taken !== undefined) this.#rest = this.#rest.slice(taken.length)
    return taken
  }
}

/** As JSON, without white space and with sorted names: equal for equal values only. */
export function writeSlowly(node: Node): string {
  if (node === null || typeof node !== 'object') return JSON.stringify(node)
  if ('digits' in node) return node.digits
  if (Array.isArray(node)) return `[${node.map(writeSlowly).join(',')}]`
  const fields = [...node].map(([name, value]) => `${JSON.stringify(name)}:${writeSlowly(value)}`)
  return `{${fields.sort().join(',')}}`
}
