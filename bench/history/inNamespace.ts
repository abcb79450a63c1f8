import type { Catalog } from '../../lib/iceberg/catalog.ts'
import type { Table, TableIdent } from '../../lib/iceberg/table.ts'
import type { Query } from '../../lib/ports.ts'
import { NAMESPACE } from '../../lib/tables/layout.ts'

/** The same services on tables in a namespace of their own: several histories lie beside each other in one warehouse. */
export function inNamespace<Services extends { readonly catalog: Catalog; readonly query: Query }>(
  services: Services,
  namespace: string,
): Services {
  return {
    ...services,
    catalog: renamed(services.catalog, namespace),
    query: { rows: sql => services.query.rows(sql.replaceAll(`.${NAMESPACE}.`, `.${namespace}.`)) },
  }
}

function renamed(catalog: Catalog, namespace: string): Catalog {
  const there = ({ name }: TableIdent) => ({ namespace, name })
  const here = (table: Table) => ({ ...table, ident: { namespace: NAMESPACE, name: table.ident.name } })
  return {
    createNamespace: () => catalog.createNamespace(namespace),
    createTable: async (ident, definition) => here(await catalog.createTable(there(ident), definition)),
    loadTable: async ident => here(await catalog.loadTable(there(ident))),
    commit: async (ident, ...changes) => here(await catalog.commit(there(ident), ...changes)),
  }
}
