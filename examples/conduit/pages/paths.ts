// The addresses of pages, in one place, and the check on an address that came with a form.

export function articlePath(slug: string): string {
  return `/article/${encodeURIComponent(slug)}`
}

export function profilePath(username: string): string {
  return `/profile/${encodeURIComponent(username)}`
}

export function tagPath(tag: string): string {
  return `/tag/${encodeURIComponent(tag)}`
}

export function loginPath(returnTo: string): string {
  return returnTo === '/' ? '/login' : `/login?return=${encodeURIComponent(returnTo)}`
}

const ORIGIN = 'http://this.site.invalid'

/**
 * The path to go to after a form, when `wanted` stays on this site, else `otherwise`. The URL parser decides, as the
 * browser's will: `//evil.example`, `/\evil.example` and `https:evil.example` all leave the site.
 */
export function localPath(wanted: string | undefined, otherwise: string): string {
  if (wanted === undefined || !wanted.startsWith('/') || !URL.canParse(wanted, ORIGIN)) return otherwise
  const { origin, pathname, search } = new URL(wanted, ORIGIN)
  // A path that itself begins with two slashes (`/.//evil.example` parses to one) would leave the site when sent back.
  return origin === ORIGIN && !pathname.startsWith('//') ? pathname + search : otherwise
}
