// All Conduit mixes make the same calls in the same way and differ in the shares alone.

import { defineMix, type Mix, type MixCall } from 'pando/load'
import { accountWrites } from './accounts.ts'
import { readBackConduit } from './read-back.ts'
import { reads } from './reads.ts'
import { prepareConduit, type ConduitState, type ConduitVariable } from './state.ts'
import { contentWrites } from './writes.ts'

const requests = { ...reads, ...contentWrites, ...accountWrites }

export type ConduitCall = keyof typeof requests

/** What is done instead where there is nothing to act on: so much of it has to be made first. */
const OTHERWISE: Readonly<Partial<Record<ConduitCall, ConduitCall>>> = {
  'DELETE favourite': 'POST favourite',
  'DELETE comment': 'POST comment',
  'DELETE follow': 'POST follow',
  'PUT article': 'POST article',
  'DELETE article': 'POST article',
}

/** A mix of all calls with these shares in per cent. */
export function conduitMix(
  name: string,
  about: string,
  percent: Readonly<Record<ConduitCall, number>>,
): Mix<ConduitState, ConduitVariable> {
  const call = (of: ConduitCall): MixCall<ConduitState> => {
    const otherwise = OTHERWISE[of]
    return { percent: percent[of], request: requests[of], ...(otherwise === undefined ? {} : { otherwise }) }
  }
  const names = Object.keys(requests) as ConduitCall[]
  return defineMix({
    name,
    about,
    variables: {
      size: {
        default: 'auto',
        about: 'Which size was seeded; auto asks the server.',
        values: ['auto', 'S', 'M', 'L'],
      },
      users: { default: '40', about: 'How many people are logged in before the load begins, 1 to 2000.' },
      skew: {
        default: 'default',
        about:
          'Zipf exponents: recent articles 0.9, people, tags and popular articles 0.8, writers 0.75; or all alike.',
        values: ['default', 'uniform', '0.99'],
      },
    },
    prepare: prepareConduit,
    calls: Object.fromEntries(names.map((of) => [of, call(of)])),
    readBack: readBackConduit,
  })
}
