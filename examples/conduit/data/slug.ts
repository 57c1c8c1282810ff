import { randomBytes } from 'node:crypto'

/** Readable part of a slug, in characters. */
const READABLE_MAX = 80

/**
 * Address of an article in a URL: the title in lower-case ASCII letters, digits and hyphens, and a random end that
 * makes it unique whatever the title: `how-to-train-your-dragon-1f0a9c3b5d7e`. A title without any such letter gives
 * the random end alone.
 */
export function slugFor(title: string): string {
  const readable = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, READABLE_MAX)
    .replace(/^-+|-+$/g, '')
  const end = randomBytes(6).toString('hex')
  return readable === '' ? end : `${readable}-${end}`
}
