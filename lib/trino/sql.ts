import { readFileSync } from 'node:fs'
import { TickhouseError } from '../errors.ts'
import { packaged } from '../packaged.ts'

const texts = new Map<string, string>()

/**
 * The statement of `trino/sql/NAME.sql` with each `{{placeholder}}` replaced by its value, which must be SQL that
 * is safe already. Throws when the file, a placeholder's value, or a value's placeholder is missing.
 */
export function renderSql(name: string, values: Readonly<Record<string, string>>): string {
  const used = new Set<string>()
  const sql = loadSql(name).replace(/\{\{(\w+)\}\}/g, (_, placeholder: string) => {
    const value = Object.hasOwn(values, placeholder) ? values[placeholder] : undefined
    if (value === undefined) throw new SqlMismatch(name, `no value for {{${placeholder}}}`)
    used.add(placeholder)
    return value
  })
  const unused = Object.keys(values).filter(key => !used.has(key))
  if (unused.length > 0) throw new SqlMismatch(name, `no placeholder for ${unused.join(', ')}`)
  return sql
}

/** A SQL file and the code that uses it do not fit together. */
export class SqlMismatch extends TickhouseError {
  constructor(name: string, what: string) {
    super('SQL_MISMATCH', `trino/sql/${name}.sql: ${what}`)
  }
}

function loadSql(name: string): string {
  const known = texts.get(name)
  if (known !== undefined) return known
  const text = readFileSync(pathOf(name), 'utf8')
  texts.set(name, text)
  return text
}

function pathOf(name: string): string {
  const path = packaged('trino', 'sql', `${name}.sql`)
  if (path === undefined) throw new SqlMismatch(name, 'not found in or above the folder of the code')
  return path
}
