// Whether a name can be that of a new application. It becomes an npm package, a database and a part of paths, so it
// must satisfy the strictest of the three (https://docs.npmjs.com/cli/configuring-npm/package-json#name).

import { builtinModules } from 'node:module'

const SHAPE = /^[a-z][a-z0-9-]{0,49}$/
// PostgreSQL's own databases; npm's own directories; a package cannot depend on one of its own name.
const TAKEN: Readonly<Record<string, string>> = {
  postgres: 'PostgreSQL has a database of that name',
  template0: 'PostgreSQL has a database of that name',
  template1: 'PostgreSQL has a database of that name',
  'node-modules': 'npm uses that name',
  pando: 'it would have to depend on a package of its own name',
  hono: 'it would have to depend on a package of its own name',
  typescript: 'it would have to depend on a package of its own name',
}

/** What is wrong with `name`, as the end of a sentence; undefined when nothing is. */
export function problemOfName(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (name.length > 50) return `it has ${name.length} characters`
  if (name !== name.toLowerCase()) return 'it has capital letters'
  if (!/^[a-z]/.test(name)) return 'it does not begin with a letter'
  if (!SHAPE.test(name)) return 'it has other characters than a-z, 0-9 and -'
  if (builtinModules.includes(name)) return 'Node.js has a module of that name'
  return Object.hasOwn(TAKEN, name) ? TAKEN[name] : undefined
}
