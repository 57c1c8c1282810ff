// Environment variables that look like settings and are none: `PANDO_WEB_PROT`. Only the names below a tier are ours to
// judge; other `PANDO_` variables belong to the commands and to whoever runs them.

import type { Given } from './gather.ts'
import { environmentName, listSettings } from './settings.ts'
import { PLANNED_KEYS } from './stages.ts'

/**
 * Variables below a tier's prefix that set nothing, as given values: under the key of the planned setting that they
 * name, else under their own name.
 */
export function unknownVariables(env: Readonly<Record<string, string | undefined>>): Given[] {
  const settings = listSettings()
  const known = new Set(settings.flatMap((setting) => setting.env))
  const planned = Object.keys(PLANNED_KEYS)
  const tiers = new Set([...settings.map(({ key }) => key), ...planned].map((key) => key.split('.', 1)[0]!))
  const prefixes = [...tiers].map((tier) => `${environmentName(tier)}_`)

  return Object.entries(env).flatMap(([name, value]) => {
    if (value === undefined || value === '' || known.has(name)) return []
    if (!prefixes.some((prefix) => name.startsWith(prefix))) return []
    const key = planned.find(
      (one) => environmentName(one) === name || name.startsWith(`${environmentName(one)}_`),
    )
    return [{ key: key ?? name, value: readPlain(value), source: { kind: 'environment', name } as const }]
  })
}

/** Planned settings have no schema to read by: numbers and booleans are what they look like. */
function readPlain(text: string): unknown {
  if (/^\d+$/.test(text)) return Number(text)
  return text === 'true' || text === 'false' ? text === 'true' : text
}
