// `pando apply`: makes what runs into what the application and its topology say now, while it serves. New processes are
// started and found ready before the old ones end; when they do not become ready, everything stays as it was.

import type { Command } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import type { Plan } from '../../supervisor/records.ts'
import type { Judgement } from '../../topology/change.ts'
import type { PlanSource } from '../../topology/plan.ts'
import { dataDirOf } from '../data-dir.ts'
import { describeMembers, describeObstacle, summaryOf } from '../describe-change.ts'
import { carryOut } from '../make-change.ts'
import type { SourcedPlan } from '../planning.ts'
import { findRunning, type ChangeOptions } from '../running.ts'

interface Options extends ChangeOptions {
  readonly topology?: string
  readonly dryRun?: boolean
  readonly force?: boolean
}

const EXAMPLES = `
Examples:
  $ pando apply                                      edited code or topology of this directory
  $ pando apply --app /srv/shop/42 --data /srv/data  a release in a directory of its own
  $ pando apply --dry-run                            what would be done, and why
  $ pando apply --json | jq .change.failedRequests   figures for programs

With each release in a directory of its own the old one is still there to go back to. Exit status: 0 done
or nothing to do, 1 rolled back, 2 refused or wrong, 3 not running. Ctrl-C leaves the change going on.`

const AS_SAID = 'what runs is what application and topology say'

export function register(program: Command): void {
  program
    .command('apply')
    .description('change what runs to what application and topology say now, without a failed request')
    .option('--app <dir>', 'directory of the application (default: the current one)')
    .option('--topology <file>', 'topology file (default: the one `up` took)')
    .option('--data <dir>', 'data directory (default: .pando in the application)')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--force', 'do it though visitors lose something by it')
    .option('--json', 'print JSON: the plan with --dry-run, the result otherwise')
    .addHelpText('after', EXAMPLES)
    .action(runApply)
}

async function runApply(options: Options): Promise<void> {
  const running = await findRunning(options)
  if (running === undefined) return
  const { terminal, plan: current, quiet } = running
  const [{ planApplication }, judgement] = await Promise.all([import('../planning.ts'), loadJudge()])
  const plan = await planApplication(options, dataDirOf(options), current)
  const judged = await judgement(current, plan)
  const { members, obstacles, settings } = judged
  // After a change that failed, what runs is something between two plans.
  const isNothing = members.length === 0 && settings.length === 0 && !running.isHalfChanged
  if (quiet && (options.dryRun === true || isNothing)) terminal.line(JSON.stringify(judged, undefined, 2))
  if (isNothing) {
    if (!quiet) terminal.line(`Nothing to do: ${AS_SAID}.`)
    return
  }
  if (!quiet) {
    for (const line of describeMembers(members, terminal.paint)) terminal.line(line)
    for (const setting of settings) terminal.line(`${terminal.paint.yellow('~')} ${setting}`)
    if (running.isHalfChanged) terminal.line('The last change failed: what it left is put in order.')
  }
  const refused = obstacles.filter(({ kind }) => kind === 'restart' || options.force !== true)
  if (refused.length > 0) throw new PlatformError('CLI_CHANGE_REFUSED', { obstacles: refused })
  if (!quiet) for (const each of obstacles) terminal.line(describeObstacle(each, terminal.paint))
  if (options.dryRun === true) {
    if (!quiet) terminal.line(terminal.paint.dim('Nothing was done. Without --dry-run it is.'))
    return
  }
  await carryOut(running, { request: { kind: 'apply', plan }, what: summaryOf(members) || AS_SAID })
}

/** The judge, which knows what each engine can take up by itself. */
async function loadJudge(): Promise<(from: Plan, to: SourcedPlan) => Promise<Judgement>> {
  const [{ judgeChange }, { loadEngine }] = await Promise.all([
    import('../../topology/change.ts'),
    import('../../topology/engines.ts'),
  ])
  return async (from, to) => {
    const keys = [...new Set(to.members.map(({ engine }) => engine))]
    const engines = new Map(await Promise.all(keys.map(async (key) => [key, await loadEngine(key)] as const)))
    return judgeChange({ ...from, source: from.source as PlanSource }, to, (old, now) =>
      old.engine === now.engine ? (engines.get(now.engine)?.canReload?.(old, now) ?? false) : false,
    )
  }
}
