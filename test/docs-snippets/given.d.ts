// What the snippets of the documentation may use without saying where it comes from: what `setup` is given.

import type { Tiers } from 'pando'

declare global {
  const database: Tiers['database']
  const sessions: Tiers['sessions']
  const files: Tiers['files']
  const log: Tiers['log']
  const secret: Tiers['secret']
}
