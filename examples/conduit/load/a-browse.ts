// Shares: the lobste.rs production log of the Noria paper (OSDI 2018), each page replaced by the API calls that Conduit's
// client makes for it. Assumed: 30 % of page views logged in, four in five of those see the feed first, 15 % of the other
// home views by tag; follows, registrations, edits and deletions are small guesses.

import { conduitMix, type ConduitCall } from './conduit-mix.ts'

export const BROWSE: Readonly<Record<ConduitCall, number>> = {
  'GET article': 30.03,
  'GET comments': 30.03,
  'GET tags': 15.42,
  'GET articles, global': 9.96,
  'GET feed': 3.7,
  'GET profile': 3.33,
  'GET articles by author': 2.49,
  'GET articles by tag': 1.76,
  'GET current user': 1.46,
  'GET articles favourited by': 0.83,
  'POST favourite': 0.548,
  'DELETE favourite': 0.087,
  'POST comment': 0.192,
  'DELETE comment': 0.005,
  'POST follow': 0.05,
  'DELETE follow': 0.01,
  login: 0.043,
  register: 0.01,
  'POST article': 0.026,
  'PUT article': 0.015,
  'DELETE article': 0.002,
  'PUT user': 0.005,
}

export default conduitMix('A browse', 'Visitors who read: 0.99 % of the calls write.', BROWSE)
