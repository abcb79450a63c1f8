import type { Catalog } from '../../lib/iceberg/catalog.ts'
import type { PartitionSpec } from '../../lib/iceberg/schema.ts'
import type { Table, TableIdent } from '../../lib/iceberg/table.ts'
import type { World } from './world.ts'

type Metadata = Table['metadata']

/** The world after others changed a table's metadata, as a catalog does for their statements. */
export function withMetadata(
  world: World,
  { name }: TableIdent,
  change: (table: Table) => Partial<Metadata>,
): World {
  const { catalog } = world.services
  const loadTable = async (wanted: TableIdent) => {
    const table = await catalog.loadTable(wanted)
    return wanted.name === name ? { ...table, metadata: { ...table.metadata, ...change(table) } } : table
  }
  const commit: Catalog['commit'] = async (ident, requirements, updates) => {
    const others = requirements.filter(({ type }) => !/schema|spec/.test(type))
    await catalog.commit(ident, others, updates)
    return loadTable(ident)
  }
  const changed: Catalog = Object.create(catalog, {
    loadTable: { value: loadTable },
    commit: { value: commit },
  })
  return {
    ...world,
    catalog: changed as World['catalog'],
    services: { ...world.services, catalog: changed },
  }
}

/** A change of the partitioning of new files, by ids of columns and transforms. */
export function partitionedBy(...fields: readonly [sourceId: number, transform: string][]) {
  const spec: PartitionSpec = {
    specId: 1,
    fields: fields.map(([sourceId, transform], i) => ({
      sourceId,
      fieldId: 1000 + i,
      name: `p${i}`,
      transform: transform as PartitionSpec['fields'][number]['transform'],
    })),
  }
  return ({ metadata }: Table): Partial<Metadata> => ({
    defaultSpecId: spec.specId,
    partitionSpecs: [...metadata.partitionSpecs, spec],
  })
}
