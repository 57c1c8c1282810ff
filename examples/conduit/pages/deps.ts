// What the pages stand on: the tiers, and the application's own accounts and tokens.

import type { Database, Files, Logger, Sessions } from 'pando'
import type { Accounts } from '../security/accounts.ts'
import type { Tokens } from '../security/tokens.ts'

export interface PageDeps {
  readonly database: Database
  readonly sessions: Sessions
  readonly files: Files
  readonly log: Logger
  readonly accounts: Accounts
  readonly tokens: Tokens
}
