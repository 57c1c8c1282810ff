// What of an application's source breaks when several web servers run it. Pure: parsed modules in, findings out; the
// files are read in read.ts. Nothing of the application is run.

import { reasonAt } from './accept.ts'
import { findCalls } from './calls.ts'
import type { Match, Rule } from './finding.ts'
import { findMutations } from './mutations.ts'
import { createProgram, type Program, type ResolveModule } from './program.ts'
import { rules } from './rules/index.ts'
import { findStartup } from './startup.ts'
import { findState } from './state.ts'
import { placeAt, type Module, type Place } from './syntax/parse.ts'

export interface Finding extends Place {
  /** Name of the rule, a heading of docs/how-to/stateless.md: `module-state`. */
  readonly rule: string
  /** Path as the module was named. */
  readonly file: string
  /** What stands there; a sentence without its full stop. */
  readonly found: string
  /** What to use instead: one sentence. */
  readonly remedy: string
  /** Where it is changed or used, when that is elsewhere. */
  readonly changedAt: (Place & { readonly file: string }) | undefined
  /** Gone with the request that made it: worth knowing, no fault. */
  readonly isScratch: boolean
}

export interface Accepted extends Finding {
  readonly reason: string
}

export interface Findings {
  /** By file in the order given, then by line. */
  readonly findings: readonly Finding[]
  /** Those beside which a comment says why they are meant: `// pando: per-process <reason>`. */
  readonly accepted: readonly Accepted[]
}

export function inspect(modules: readonly Module[], resolveModule: ResolveModule): Findings {
  const program = createProgram(modules, resolveModule)
  const startup = findStartup(program)
  const states = findState(program, startup, findMutations(program))
  const analysis = { program, states, calls: findCalls(program, startup) }
  const order = new Map(modules.map(({ path }, index) => [path, index]))
  const all = rules
    .flatMap((rule) => rule.find(analysis).map((match) => judge(program, rule, match)))
    .toSorted((a, b) => order.get(a.file)! - order.get(b.file)! || a.line - b.line || a.column - b.column)
  return {
    findings: all.filter((finding): finding is Finding => !('reason' in finding)),
    accepted: all.filter((finding): finding is Accepted => 'reason' in finding),
  }
}

function judge(program: Program, { name, remedy }: Rule, match: Match): Finding | Accepted {
  const module = program.moduleOf(match.node)
  const place = placeAt(module.lineStarts, match.node.start)
  const reason = reasonAt(module, place.line)
  const finding: Finding = {
    rule: name,
    file: module.path,
    ...place,
    found: reason === '' ? `${match.found} (the comment that would accept it gives no reason)` : match.found,
    remedy,
    changedAt: changedAt(program, match),
    isScratch: match.isScratch ?? false,
  }
  return reason === undefined || reason === '' ? finding : { ...finding, reason }
}

function changedAt(program: Program, { changedAt }: Match): Finding['changedAt'] {
  if (changedAt === undefined) return undefined
  const module = program.moduleOf(changedAt)
  return { file: module.path, ...placeAt(module.lineStarts, changedAt.start) }
}
