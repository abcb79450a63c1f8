import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { type DashboardLink, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard'

/** A link in plain sight; the SDK's own builder would put it into the menu of controls. */
export function link(title: string, tooltip: string, url: string): Builder<DashboardLink> {
  const { Link: type } = DashboardLinkType
  const plain = {
    icon: '',
    tags: [],
    asDropdown: false,
    targetBlank: false,
    includeVars: false,
    keepTime: false,
  }
  return { build: () => ({ title, type, tooltip, url, ...plain }) }
}
