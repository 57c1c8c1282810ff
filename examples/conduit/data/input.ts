// What people may send, for the API and the pages alike: every field with its limits. The messages complete the sentence
// that begins with the field's name ("title can't be blank"). Unknown fields are left out.

import { z } from 'zod'

export const LIMITS = {
  username: 64,
  email: 254,
  /** NIST SP 800-63B §3.1.1.2 asks for at least 64; hashing must stay bounded. */
  password: 1024,
  /** For a changed password, in characters. */
  passwordMin: 8,
  bio: 2000,
  image: 2000,
  title: 255,
  description: 1000,
  bodyBytes: 64 * 1024,
  commentBytes: 16 * 1024,
  tags: 20,
  tag: 50,
  page: 100,
  offset: 1_000_000,
} as const

export const BLANK = "can't be blank"

/** A string that PostgreSQL can store (no NUL) and UTF-8 can carry (no half of a surrogate pair). */
const storable = (): z.ZodString =>
  z
    .string({ error: ({ input }) => (input === undefined || input === null ? BLANK : 'must be a string') })
    .refine((value) => !value.includes('\0') && value.isWellFormed(), {
      error: 'contains a character that cannot be stored',
      abort: true,
    })

const line = (max: number): z.ZodString =>
  storable().trim().max(max, `is too long (maximum is ${max} characters)`)

const requiredLine = (max: number): z.ZodString => line(max).refine((value) => value !== '', BLANK)

const requiredText = (maxBytes: number): z.ZodString =>
  storable()
    .refine((value) => value.trim() !== '', { error: BLANK, abort: true })
    .refine((value) => Buffer.byteLength(value) <= maxBytes, `is too long (maximum is ${maxBytes} bytes)`)

// What cannot be seen: controls and formats, what fonts leave out (UAX #44, Default_Ignorable_Code_Point), Braille's blank.
const INVISIBLE = /[\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u

// These and other spaces than one ordinary one would let a name look like another; "." and ".." vanish from a path.
const username = requiredLine(LIMITS.username)
  .normalize('NFC')
  .refine((value) => !INVISIBLE.test(value), 'must not contain invisible characters')
  .refine((value) => !/[^\S ]| {2}/u.test(value), 'must not contain other spaces than single ones')
  .refine((value) => value !== '.' && value !== '..', 'must be more than dots')

const email = requiredLine(LIMITS.email).refine(
  (value) => value === '' || /^[^\s@]+@[^\s@]+$/.test(value),
  'is not an e-mail address',
)

const password = storable()
  .refine((value) => value !== '', { error: BLANK, abort: true })
  .max(LIMITS.password, `is too long (maximum is ${LIMITS.password} characters)`)

const changedPassword = password.refine(
  (value) => Array.from(value).length >= LIMITS.passwordMin,
  `is too short (minimum is ${LIMITS.passwordMin} characters)`,
)

/** "" and null say the same: there is none. */
const emptiable = <T extends z.ZodType<string>>(
  schema: T,
): z.ZodPipe<z.ZodNullable<T>, z.ZodTransform<string | null, string | null>> =>
  schema.nullable().transform((value) => (value === '' ? null : value))

const OWN_UPLOAD = /^\/avatars\/\d+\/[\w-]+\.[a-z]+$/
const isPicture = (value: string): boolean =>
  value === '' ||
  OWN_UPLOAD.test(value) ||
  (/^https?:\/\//i.test(value) && !/[\s\p{C}]/u.test(value) && URL.canParse(value))

const image = line(LIMITS.image).refine(isPicture, 'must be an http or https address')

// A comma stands between tags in the editor's field, so a tag with one would become two when its article is changed there.
const tagList = z
  .array(
    requiredLine(LIMITS.tag)
      .refine((value) => !/\p{C}/u.test(value), 'must not contain invisible characters')
      .refine((value) => !value.includes(','), 'must not contain a comma'),
    { error: ({ input }) => (input === null ? BLANK : 'must be a list of strings') },
  )
  .max(LIMITS.tags, `has too many tags (maximum is ${LIMITS.tags})`)
  .transform((tags) => [...new Set(tags)])

export const registration = z.object({ username, email, password })
export const login = z.object({ email: requiredLine(LIMITS.email), password })

export const userChanges = z.object({
  username: username.optional(),
  email: email.optional(),
  password: changedPassword.optional(),
  bio: emptiable(storable().max(LIMITS.bio, `is too long (maximum is ${LIMITS.bio} characters)`)).optional(),
  image: emptiable(image).optional(),
})

const title = requiredLine(LIMITS.title)
const description = requiredLine(LIMITS.description)
const body = requiredText(LIMITS.bodyBytes)

export const newArticle = z.object({ title, description, body, tagList: tagList.default([]) })
export const articleChanges = z.object({
  title: title.optional(),
  description: description.optional(),
  body: body.optional(),
  tagList: tagList.optional(),
})
export const newComment = z.object({ body: requiredText(LIMITS.commentBytes) })

const whole = (min: number, max: number, absent: number): z.ZodType<number, string | undefined> =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`))
    .default(absent)

/** Of a query string: `limit` 1 to 100, default 20; `offset` default 0. */
export const page = z.object({
  limit: whole(1, LIMITS.page, 20),
  offset: whole(0, LIMITS.offset, 0),
})

/** What is wrong with each field: `{ title: ["can't be blank"] }`. */
export type Problems = Readonly<Record<string, readonly string[]>>

/** Input that cannot be taken. Nothing was changed. */
export class InputRefused extends Error {
  override readonly name = 'InputRefused'
  readonly problems: Problems

  constructor(problems: Problems) {
    super(`refused: ${Object.keys(problems).join(', ')}`)
    this.problems = problems
  }
}

/** The checked and trimmed input. @throws InputRefused with every problem of every field */
export function accept<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const problems = new Map<string, Set<string>>()
  for (const { path, message } of result.error.issues) {
    const field = String(path[0] ?? 'body')
    problems.set(field, (problems.get(field) ?? new Set()).add(message))
  }
  throw new InputRefused(Object.fromEntries([...problems].map(([field, messages]) => [field, [...messages]])))
}
