// Sessions as JSON in files, one each: what the versions of the application with files share.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Store, type SessionData } from 'express-session'

declare module 'express-session' {
  interface SessionData {
    userId: string
  }
}

export class FileSessions extends Store {
  readonly #dir: string

  constructor(dir: string) {
    super()
    this.#dir = dir
  }

  read(id: string): SessionData | undefined {
    try {
      return JSON.parse(readFileSync(this.#path(id), 'utf8')) as SessionData
    } catch {
      return undefined
    }
  }

  get(id: string, done: (error: unknown, old?: SessionData | null) => void): void {
    done(null, this.read(id))
  }

  set(id: string, old: SessionData, done: (error?: unknown) => void = () => {}): void {
    writeFileSync(this.#path(id), JSON.stringify(old))
    done()
  }

  destroy(id: string, done: (error?: unknown) => void = () => {}): void {
    rmSync(this.#path(id), { force: true })
    done()
  }

  #path(id: string): string {
    return join(this.#dir, `${Buffer.from(id).toString('hex')}.json`)
  }
}
