// Settings of the `files` tier: the `files` block of a topology.

import { z } from 'zod'

const MEBIBYTE = 1024 * 1024
const GIBIBYTE = 1024 * MEBIBYTE
const HOUR_MS = 3_600_000

export interface FilesSettings {
  readonly driver: 'fs' | 's3'
  readonly maxBytes: number
  readonly temporaryMaxAgeMs: number
  /** Of `s3`, which needs them. */
  readonly url?: string | undefined
  readonly bucket?: string | undefined
  readonly region: string
  readonly timeoutMs: number
  readonly partBytes: number
}

export type FilesSettingsInput = { readonly [Key in keyof FilesSettings]?: FilesSettings[Key] | undefined }

export const filesConfig: z.ZodType<FilesSettings, FilesSettingsInput> = z
  .strictObject({
    driver: z
      .enum(['fs', 's3'])
      .default('fs')
      .describe(
        'Where files are kept: `fs` is a directory of the data directory, `s3` a bucket of any S3-compatible store. A change moves no file: see docs/how-to/files.md.',
      ),
    url: z
      .url({ protocol: /^https?$/ })
      .refine(isPlainUrl, 'expected a URL without user, query and fragment, such as https://s3.example.com')
      .optional()
      .describe('Endpoint of the store, without the bucket; the driver `s3` needs it. No credentials in it.'),
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
      .optional()
      .describe('Bucket that holds the files and nothing else; it must exist. The driver `s3` needs it.'),
    region: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/)
      .default('us-east-1')
      .describe('Region of the bucket, which requests to `s3` are signed for.'),
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
      .describe(
        'How long an upload may receive nothing before its unfinished content counts as left behind.',
      ),
    timeoutMs: z
      .int()
      .min(100)
      .max(600_000)
      .default(15_000)
      .describe('How long `s3` may stay silent; each call is tried up to three times.'),
    partBytes: z
      .int()
      .min(5 * MEBIBYTE)
      .max(512 * MEBIBYTE)
      .default(8 * MEBIBYTE)
      .describe('Content longer than this goes to `s3` in parts of this size, three of which are in memory.'),
  })
  .superRefine(({ driver, url, bucket }, context) => {
    if (driver !== 's3') return
    for (const [key, value] of Object.entries({ url, bucket }))
      if (value === undefined)
        context.addIssue({
          code: 'custom',
          path: [key],
          message: 'expected a value, because files.driver is "s3"',
        })
  })

function isPlainUrl(text: string): boolean {
  const { username, password, search, hash } = new URL(text)
  return `${username}${password}${search}${hash}` === ''
}

/** The environment variables that `s3` takes its credentials from; a token only where the store gives one. */
export const S3_CREDENTIALS: readonly string[] = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
]
