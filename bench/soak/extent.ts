import type { TableIdent } from '../../lib/iceberg/table.ts'
import { sizesOf } from '../../lib/maintain/maintain.ts'
import type { Services } from '../../lib/services.ts'
import { BenchFailed } from '../until.ts'

type Needs = Pick<Services, 'catalog' | 'store'>

/** What must not grow with the number of minutes, by name. */
type Extent = Readonly<Record<string, number>>

/** More than the tables' settings allow is a fault however long the run. */
const LIMITS: Extent = { snapshots: 330, manifests: 120, metadata_files: 22, metadata_json_bytes: 1_000_000 }
/** The lists of snapshots are full, and the first sweeps are over: what lies in the folders grows until then. */
const SETTLED_MINUTES = 240
/** What has no limit of its own may grow so much from one quarter of a run to the next but one; twice is growth without end. */
const MOST_GROWTH = 1.5

/** How large one table's metadata and folder are over a run: the maxima, and whether they are bounded. */
export class TableExtent {
  readonly #services: Needs
  readonly #ident: TableIdent
  readonly #looks: { readonly minute: number; readonly extent: Extent }[] = []

  constructor(services: Needs, ident: TableIdent) {
    this.#services = services
    this.#ident = ident
  }

  /** Measures what the catalog names. */
  async look(minute: number): Promise<void> {
    const { catalog, store } = this.#services
    const { snapshots, manifests, files, metadataFiles } = await sizesOf(this.#services, this.#ident)
    const { metadataLocation } = await catalog.loadTable(this.#ident)
    const json = metadataLocation === undefined ? undefined : await store.read(metadataLocation)
    const extent = { snapshots, manifests, files, metadata_files: metadataFiles }
    this.#looks.push({ minute, extent: { ...extent, metadata_json_bytes: json?.length ?? 0 } })
  }

  /** Measures what lies in the table's folder, named or not. */
  async list(minute: number): Promise<void> {
    const { location } = (await this.#services.catalog.loadTable(this.#ident)).metadata
    const folder = { metadata: { files: 0, bytes: 0 }, data: { files: 0, bytes: 0 } }
    for await (const page of this.#services.store.list(`${location}/`)) {
      for (const { uri, sizeBytes } of page) {
        const part = uri.startsWith(`${location}/metadata/`) ? folder.metadata : folder.data
        part.files += 1
        part.bytes += sizeBytes
      }
    }
    const { metadata, data } = folder
    const extent = { folder_metadata_files: metadata.files, folder_metadata_bytes: metadata.bytes }
    this.#looks.push({ minute, extent: { ...extent, folder_data_files: data.files } })
  }

  /** By name, the largest and the last that were seen. */
  figures(): Record<string, number> {
    return Object.fromEntries(
      this.#names().flatMap(name => [
        [`${name}_max`, this.#most(name)],
        [`${name}_end`, this.#seen(name).at(-1)!.extent[name]!],
      ]),
    )
  }

  /** Throws, with the figures, for what is above its limit, or grew and grew: that shows in runs of 16 hours and more. */
  checkBounded(minutes: number): void {
    for (const name of this.#names()) {
      const early = this.#most(name, minutes / 4, minutes / 2)
      const late = this.#most(name, (minutes * 3) / 4)
      const isSettled = minutes / 4 >= SETTLED_MINUTES
      const limit = LIMITS[name] ?? (isSettled ? MOST_GROWTH * early : Number.POSITIVE_INFINITY)
      if (late <= limit) continue
      throw new BenchFailed(`${this.#ident.name}: ${name} grew from ${early} to ${late}, above ${limit}`)
    }
  }

  #names(): string[] {
    return [...new Set(this.#looks.flatMap(({ extent }) => Object.keys(extent)))]
  }

  #seen(name: string) {
    return this.#looks.filter(({ extent }) => extent[name] !== undefined)
  }

  #most(name: string, from = 0, to = Number.POSITIVE_INFINITY): number {
    const within = this.#seen(name).filter(({ minute }) => minute >= from && minute < to)
    return within.reduce((most, { extent }) => Math.max(most, extent[name]!), 0)
  }
}
