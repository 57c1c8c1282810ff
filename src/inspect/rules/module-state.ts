// Variables and collections of a module, a class or `setup` that requests change.

import type { Rule } from '../finding.ts'
import { isAudience } from '../audience.ts'

export const moduleState: Rule = {
  name: 'module-state',
  remedy: 'Keep it in the database, in the session, or in a variable of the request.',
  find: ({ states }) =>
    states
      .filter((state) => !isAudience(state))
      .map(({ name, node, changes }) => ({
        node,
        found: `\`${name}\` is changed while requests are answered, and every process has its own`,
        changedAt: changes[0]!.node,
      })),
}
