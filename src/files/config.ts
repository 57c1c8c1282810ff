// Settings of the `files` tier: the `files` block of a topology.

import { z } from 'zod'

const MEBIBYTE = 1024 * 1024
const GIBIBYTE = 1024 * MEBIBYTE
const HOUR_MS = 3_600_000

export interface FilesSettings {
  readonly driver: 'fs'
  readonly maxBytes: number
  readonly temporaryMaxAgeMs: number
}

export type FilesSettingsInput = { readonly [Key in keyof FilesSettings]?: FilesSettings[Key] | undefined }

export const filesConfig: z.ZodType<FilesSettings, FilesSettingsInput> = z.strictObject({
  driver: z
    .enum(['fs'])
    .default('fs')
    .describe('Where files are kept: `fs` is a directory of the data directory.'),
  maxBytes: z
    .int()
    .min(1)
    .max(1024 * GIBIBYTE)
    .default(100 * MEBIBYTE)
    .describe('Largest file that is accepted, in bytes.'),
  temporaryMaxAgeMs: z
    .int()
    .min(60_000)
    .max(30 * 24 * HOUR_MS)
    .default(HOUR_MS)
    .describe('How long an upload may receive nothing before its unfinished content counts as left behind.'),
})
