// Somebody who fills in Conduit's forms without a browser: keeps cookies, follows no redirect, can send what no browser
// would.

import { expect } from 'vitest'
import { somebody, type Person } from './conduit-pages.ts'

export interface FormClient {
  readonly person: Person
  /** What the site has set, as the `cookie` header sends it. */
  cookies(): string
  get(path: string): Promise<Response>
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>
  /** Sends any body as it is. */
  send(path: string, contentType: string, body: Blob): Promise<Response>
}

export function formClient(url: string, person: Person = somebody('client')): FormClient {
  const jar = new Map<string, string>()
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { ...(init.headers as Record<string, string>), cookie: cookies() }
    const response = await fetch(url + path, { redirect: 'manual', ...init, headers })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!
      jar.set(name!, value!)
    }
    return response
  }
  const cookies = (): string => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  return {
    person,
    cookies,
    get: (path) => request(path),
    post: (path, fields, headers = { origin: url }) =>
      request(path, { method: 'POST', body: new URLSearchParams(fields), headers }),
    send: (path, contentType, body) =>
      request(path, { method: 'POST', body, headers: { origin: url, 'content-type': contentType } }),
  }
}

/** A client that has just registered. */
export async function registeredClient(url: string): Promise<FormClient> {
  const client = formClient(url)
  const { status } = await client.post('/register', { ...client.person })
  expect(status).toBe(303)
  return client
}

/** The messages above a page's form. */
export async function errorsOn(response: Response): Promise<string[]> {
  const list = /<ul class="error-messages"[^>]*>(.*?)<\/ul>/s.exec(await response.text())?.[1] ?? ''
  return [...list.matchAll(/<li>(.*?)<\/li>/gs)].map((match) => match[1]!.replaceAll('&#39;', "'").trim())
}
