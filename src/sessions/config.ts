// Settings of the `sessions` tier: the `sessions` block of a topology.

import { z } from 'zod'

const DAY_MS = 86_400_000

export interface SessionsSettings {
  readonly cookieName: string
  readonly secure: 'auto' | 'always' | 'never'
  readonly sameSite: 'lax' | 'strict' | 'none'
  readonly idleMs: number
  readonly absoluteMs: number
  readonly dataMaxBytes: number
  readonly pruneEveryMs: number
}

export type SessionsSettingsInput = {
  readonly [Key in keyof SessionsSettings]?: SessionsSettings[Key] | undefined
}

/** `sessions: { … }` of a topology. */
export const sessionsConfig: z.ZodType<SessionsSettings, SessionsSettingsInput> = z
  .strictObject({
    cookieName: z
      .string()
      .regex(
        /^(?!__)[\w!#$%&'*+.^`|~-]{1,64}$/,
        'expected 1 to 64 characters of an HTTP token, not beginning with __',
      )
      .default('session')
      .describe('Name of the cookie; on an encrypted connection `__Host-` is put before it.'),
    secure: z
      .enum(['auto', 'always', 'never'])
      .default('auto')
      .describe('Whether the cookie is Secure: `auto` where the visitor’s own connection is encrypted.'),
    sameSite: z
      .enum(['lax', 'strict', 'none'])
      .default('lax')
      .describe('Which requests from other sites carry the cookie; `none` takes `secure: always`.'),
    idleMs: z
      .int()
      .min(60_000)
      .max(400 * DAY_MS)
      .default(14 * DAY_MS)
      .describe('After how long without a request a session ends, in milliseconds; up to a tenth sooner.'),
    absoluteMs: z
      .int()
      .min(60_000)
      .max(400 * DAY_MS)
      .default(90 * DAY_MS)
      .describe('How long a session lives at most, however much it is used, in milliseconds.'),
    dataMaxBytes: z
      .int()
      .min(256)
      .max(1_048_576)
      .default(16_384)
      .describe('Largest data of one session, as JSON text in UTF-8, in bytes.'),
    pruneEveryMs: z
      .int()
      .min(1_000)
      .max(DAY_MS)
      .default(600_000)
      .describe('How often a web process removes expired sessions from the store, in milliseconds.'),
  })
  .refine(({ sameSite, secure }) => sameSite !== 'none' || secure === 'always', {
    path: ['sameSite'],
    message: 'expected `secure: always` beside `sameSite: none`; browsers refuse the cookie otherwise',
  })
