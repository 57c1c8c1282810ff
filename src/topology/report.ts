// What `pando config` shows: the settings in the order of the schema, with the values in force. Pure.

import type { LoadedTopology } from './load.ts'
import { listSettings } from './settings.ts'
import { describeSource, inWords, showValue } from './source.ts'

export interface ConfigEntry {
  /** `web.port` */
  readonly key: string
  /** The value itself, null where there is none; the text `***` for a secret. */
  readonly value: unknown
  /** The value for a person: `10485760 (10 MiB)`, `none`. */
  readonly shown: string
  /** `default`, `pando.topology.ts`, `PORT`, `--port` */
  readonly source: string
  readonly accepts: string
  readonly environment: readonly string[]
  readonly description: string
}

export function reportConfig({
  topology,
  sources,
}: Pick<LoadedTopology, 'topology' | 'sources'>): readonly ConfigEntry[] {
  return listSettings().map(({ key, secret, accepts, env, description }) => {
    const value = valueOf(topology, key)
    return {
      key,
      value: secret && value !== undefined ? '***' : (value ?? null),
      shown: value === undefined ? 'none' : `${showValue(value, secret)}${secret ? '' : inWords(key, value)}`,
      source: describeSource(sources.get(key) ?? { kind: 'default' }),
      accepts,
      environment: env,
      description,
    }
  })
}

function valueOf(topology: object, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>> | undefined)?.[name], topology)
}
