// Where a database is and who asks. Either the parts, or a URL as hosting providers give it.

import { redactUrl } from '../base/errors.ts'

export type DatabaseConnection =
  | {
      /** A host name, an address, or the absolute directory of a Unix socket. */
      readonly host: string
      readonly port: number
      readonly database: string
      readonly user: string
      readonly password: string
    }
  | {
      /** `postgres://user:password@host:port/database?sslmode=…` */
      readonly url: string
    }

/** Where it is, for a person; never with the password. */
export function describeConnection(connection: DatabaseConnection): string {
  if ('url' in connection) return redactUrl(connection.url)
  const { host, port, database } = connection
  return host.startsWith('/') ? `${host}/.s.PGSQL.${port} (${database})` : `${host}:${port} (${database})`
}
