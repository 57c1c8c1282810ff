// A topology: the stage and one block of settings a tier, each declared in the tier's own config.ts. What the file may
// hold, what it means and what the reference page says all come from here.

import { z } from 'zod'
import { databaseConfig, type DatabaseSettings, type DatabaseSettingsInput } from '../database/config.ts'
import { filesConfig, type FilesSettings, type FilesSettingsInput } from '../files/config.ts'
import { sessionsConfig, type SessionsSettings, type SessionsSettingsInput } from '../sessions/config.ts'
import { webConfig, type WebSettings, type WebSettingsInput } from '../web/config.ts'

/** A whole topology: every setting has its value. Plain JSON. */
export interface Topology {
  /** Name of the stage, for people: what runs is what the blocks say. */
  readonly stage: 'single'
  readonly web: WebSettings
  readonly database: DatabaseSettings
  readonly sessions: SessionsSettings
  readonly files: FilesSettings
}

/** What `pando.topology.ts` exports: any part of a topology; the rest has its default. */
export interface TopologyInput {
  readonly stage?: 'single' | undefined
  readonly web?: WebSettingsInput | undefined
  readonly database?: DatabaseSettingsInput | undefined
  readonly sessions?: SessionsSettingsInput | undefined
  readonly files?: FilesSettingsInput | undefined
}

// A server that is opened directly may take any free port; one that a plan is made for must say where it is.
const webBlock = webConfig.extend({
  port: z.int().min(1).max(65_535).default(3000).describe('Port that the web processes share.'),
})

export const topologySchema: z.ZodType<Topology, TopologyInput> = z.strictObject({
  stage: z
    .enum(['single'])
    .default('single')
    .describe('Named stage of growth; `single` runs everything on one server.'),
  web: webBlock.prefault({}),
  database: databaseConfig.prefault({}),
  sessions: sessionsConfig.prefault({}),
  files: filesConfig.prefault({}),
})
