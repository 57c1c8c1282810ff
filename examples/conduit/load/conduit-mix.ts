// All Conduit mixes make the same calls in the same way and differ in the shares alone.

import { defineMix, type LoadRequest, type Mix, type MixCall, type Random } from 'pando/load'
import { accountWrites } from './accounts.ts'
import { readBackConduit } from './read-back.ts'
import { reads } from './reads.ts'
import { prepareConduit, type ConduitState, type ConduitVariable } from './state.ts'
import { contentWrites } from './writes.ts'

const { 'PUT user': putUser, ...logIns } = accountWrites
const requests = { ...reads, ...keyed({ ...contentWrites, ...logIns }), 'PUT user': putUser }

export type ConduitCall = keyof typeof requests

/** What is done instead where there is nothing to act on: so much of it has to be made first. */
const OTHERWISE: Readonly<Partial<Record<ConduitCall, ConduitCall>>> = {
  'DELETE favourite': 'POST favourite',
  'DELETE comment': 'POST comment',
  'DELETE follow': 'POST follow',
  'PUT article': 'POST article',
  'DELETE article': 'POST article',
}

type Request = (state: ConduitState, random: Random) => LoadRequest | undefined

/** The same requests, each with an Idempotency-Key of its own where the state says that keys are sent. */
function keyed<const Writes extends Readonly<Record<string, Request>>>(
  writes: Writes,
): Record<keyof Writes, Request> {
  const withKey =
    (write: Request): Request =>
    (state, random) => {
      const request = write(state, random)
      if (request === undefined || !state.sendsKeys) return request
      const key = `${state.runName}-${state.nextNumber()}`
      return { ...request, headers: { ...request.headers, 'idempotency-key': key } }
    }
  return Object.fromEntries(Object.entries(writes).map(([name, write]) => [name, withKey(write)])) as Record<
    keyof Writes,
    Request
  >
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
      keys: {
        default: 'none',
        about: 'Whether writes carry an Idempotency-Key, by which a client may repeat them.',
        values: ['none', 'sent'],
      },
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
