// `pando scale web=5`: another number of web servers until the next `apply`, while everything runs.

import type { Command } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import type { PlanSource } from '../../topology/plan.ts'
import { carryOut } from '../make-change.ts'
import { findRunning, type ChangeOptions } from '../running.ts'

const EXAMPLES = `
Examples:
  $ pando scale web=5         five web servers
  $ pando scale web=2         two: the others finish their requests and end

The topology file is left alone, and the next \`pando apply\` goes back to what it says.
Ctrl-C leaves the change going on.`

const SCALABLE = ['web'] as const

export function register(program: Command): void {
  program
    .command('scale <tier=n...>')
    .description('run another number of servers of a tier, without a failed request')
    .option('--app <dir>', 'directory of the application (default: the current one)')
    .option('--data <dir>', 'data directory (default: .pando in the application)')
    .option('--json', 'print how it ended as JSON')
    .addHelpText('after', EXAMPLES)
    .action(runScale)
}

interface Wish {
  readonly tier: string
  readonly count: number
}

async function runScale(wishes: readonly string[], options: ChangeOptions): Promise<void> {
  const read = wishes.map(readWish)
  const twice = read.find(({ tier }, index) => read.findIndex((wish) => wish.tier === tier) !== index)
  if (twice !== undefined)
    throw new PlatformError('CLI_SCALE_INVALID', {
      text: wishes.join(' '),
      problem: `names ${twice.tier} twice`,
    })
  const running = await findRunning(options)
  if (running === undefined) return
  for (const { tier, count } of read) {
    if (Number(process.exitCode ?? 0) !== 0) return
    const { topology } = running.plan.source as PlanSource
    await carryOut(running, {
      request: { kind: 'scale', tier, count },
      what: `${count} ${count === 1 ? 'web server' : 'web servers'}`,
      afterwards: noteOf(topology.web, count),
    })
  }
}

/** @throws CLI_SCALE_INVALID */
function readWish(text: string): Wish {
  const invalid = (problem: string): PlatformError =>
    new PlatformError('CLI_SCALE_INVALID', { text, problem })
  const match = /^([^=]+)=(.*)$/.exec(text)
  if (match === null) throw invalid('has no "=" with a number after it')
  const [, tier, count] = match as unknown as [string, string, string]
  if (!SCALABLE.some((known) => known === tier)) {
    const near = nearest(tier, SCALABLE)
    throw invalid(
      `names "${tier}", and only web can be scaled${near === undefined ? '' : `; did you mean ${near}`}`,
    )
  }
  if (!/^\d{1,3}$/.test(count) || Number(count) < 1)
    throw invalid(`has "${count}" where a whole number from 1 on is expected`)
  return { tier, count: Number(count) }
}

function noteOf({ servers, autoscale }: PlanSource['topology']['web'], count: number): string {
  if (autoscale !== undefined)
    return `Autoscaling goes on from there, between ${autoscale.min} and ${autoscale.max}.`
  if (servers === count) return 'That is what the topology says.'
  return `The topology still says ${servers}: the next \`pando apply\` goes back to it.`
}
