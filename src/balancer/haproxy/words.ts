// The words of HAProxy's configuration language. What comes from a topology goes into a configuration through these
// alone, so that a path or a name can never end a word, begin a comment or name a variable.

import assert from 'node:assert/strict'

/** `text` as one word that stands for itself: strong quotes, in which nothing is special but the quote (manual §2.2). */
export function word(text: string): string {
  assert(!/[\0\r\n]/.test(text), 'a word of the configuration has no line breaks')
  if (/^[A-Za-z0-9_.:/@=-]+$/.test(text)) return text
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/**
 * The addresses to bind to. `::` also takes what comes by IPv4, as Node's does; by a socket of its own, or a visitor by
 * IPv4 would have the address `::ffff:192.0.2.1`.
 */
export function bindAddresses(host: string, port: number): string[] {
  if (host === '::') return [`0.0.0.0:${port}`, `:::${port} v6only`]
  return [word(`${host.includes(':') ? 'ipv6@' : ''}${host}:${port}`)]
}

/** `1500ms` */
export function duration(ms: number): string {
  return `${Math.ceil(ms)}ms`
}
