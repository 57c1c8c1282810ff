// A topology: the stage and one block of settings a tier, each declared in the tier's own config.ts. What the file may
// hold, what it means and its JSON schema all come from here.

import { z } from 'zod'
import { filesConfig, type FilesSettings, type FilesSettingsInput } from '../files/config.ts'

interface WebSettings {
  readonly host: string
  readonly port: number
  readonly processes: number | 'cores'
}
interface DatabaseSettings {
  readonly poolMax: number
}
interface SessionsSettings {
  readonly idleMs: number
}
type Input<T> = { readonly [Key in keyof T]?: T[Key] | undefined }
const webConfig: z.ZodType<WebSettings, Input<WebSettings>> = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('Address the web processes listen on.'),
  port: z.int().min(1).max(65_535).default(3000).describe('Port the web processes share.'),
  processes: z
    .union([z.int().min(1).max(64), z.literal('cores')])
    .default(1)
    .describe('Web processes; `cores` starts one per processor core.'),
})
const databaseConfig: z.ZodType<DatabaseSettings, Input<DatabaseSettings>> = z.strictObject({
  poolMax: z.int().min(1).max(200).default(10).describe('x'),
})
const sessionsConfig: z.ZodType<SessionsSettings, Input<SessionsSettings>> = z.strictObject({
  idleMs: z.int().min(1).default(10).describe('x'),
})

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
  readonly web?: Input<WebSettings> | undefined
  readonly database?: Input<DatabaseSettings> | undefined
  readonly sessions?: Input<SessionsSettings> | undefined
  readonly files?: FilesSettingsInput | undefined
}

export const topologySchema: z.ZodType<Topology, TopologyInput> = z.strictObject({
  stage: z
    .enum(['single'])
    .default('single')
    .describe('Named stage of growth; `single` runs everything on one server.'),
  web: webConfig.prefault({}),
  database: databaseConfig.prefault({}),
  sessions: sessionsConfig.prefault({}),
  files: filesConfig.prefault({}),
})
