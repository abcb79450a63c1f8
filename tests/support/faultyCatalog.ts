import type { Catalog } from '../../lib/iceberg/catalog.ts'
import { CommitConflict, CommitUnknown } from '../../lib/iceberg/errors.ts'

/** What happens to one commit; `commit` lets it through to the catalog. */
export type CommitFault = (commit: () => Promise<unknown>) => Promise<unknown>

/** The catalog, but its next commits fare as told, in this order. */
export function faultyCatalog(catalog: Catalog, ...faults: CommitFault[]): Catalog {
  return {
    createNamespace: name => catalog.createNamespace(name),
    createTable: (ident, definition) => catalog.createTable(ident, definition),
    loadTable: ident => catalog.loadTable(ident),
    commit: async (ident, requirements, updates) => {
      const commit = () => catalog.commit(ident, requirements, updates)
      const fault = faults.shift()
      if (fault === undefined) return commit()
      await fault(commit)
      return catalog.loadTable(ident)
    },
  }
}

export const answerLost: CommitFault = async commit => {
  await commit()
  throw new CommitUnknown('no answer')
}

export const neverArrived: CommitFault = async () => {
  throw new CommitUnknown('no answer')
}

export const successTold409: CommitFault = async commit => {
  await commit()
  throw new CommitConflict('409')
}

export const conflict: CommitFault = async () => {
  throw new CommitConflict('409')
}
