// Shares: the lobste.rs production log of the Noria paper (OSDI 2018), each page replaced by the API calls that Conduit's
// client makes for it. Assumed: 30 % of page views logged in, four in five of those see the feed first, 15 % of the other
// home views by tag; follows, registrations, edits and deletions are small guesses.
//
// This one is far from any site we have figures of: it shows where writes begin to hurt.

import { conduitMix } from './conduit-mix.ts'

export default conduitMix(
  'C busy',
  'An unusually busy site: 15 % of the calls write. For honesty, not for headlines.',
  {
    'GET article': 25.78,
    'GET comments': 25.78,
    'GET tags': 13.24,
    'GET articles, global': 8.55,
    'GET feed': 3.18,
    'GET profile': 2.86,
    'GET articles by author': 2.14,
    'GET articles by tag': 1.51,
    'GET current user': 1.26,
    'GET articles favourited by': 0.71,
    'POST favourite': 8.279,
    'DELETE favourite': 1.311,
    'POST comment': 2.9,
    'DELETE comment': 0.075,
    'POST follow': 0.749,
    'DELETE follow': 0.15,
    login: 0.652,
    register: 0.15,
    'POST article': 0.397,
    'PUT article': 0.225,
    'DELETE article': 0.037,
    'PUT user': 0.075,
  },
)
