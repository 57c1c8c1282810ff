// Shares: the lobste.rs production log of the Noria paper (OSDI 2018), each page replaced by the API calls that Conduit's
// client makes for it. Assumed: 30 % of page views logged in, four in five of those see the feed first, 15 % of the other
// home views by tag; follows, registrations, edits and deletions are small guesses.

import { conduitMix } from './conduit-mix.ts'

export default conduitMix('B mixed', 'Visitors who also take part: 5 % of the calls write.', {
  'GET article': 28.81,
  'GET comments': 28.81,
  'GET tags': 14.79,
  'GET articles, global': 9.56,
  'GET feed': 3.55,
  'GET profile': 3.19,
  'GET articles by author': 2.39,
  'GET articles by tag': 1.69,
  'GET current user': 1.4,
  'GET articles favourited by': 0.8,
  'POST favourite': 2.76,
  'DELETE favourite': 0.437,
  'POST comment': 0.967,
  'DELETE comment': 0.025,
  'POST follow': 0.25,
  'DELETE follow': 0.05,
  login: 0.217,
  register: 0.05,
  'POST article': 0.132,
  'PUT article': 0.075,
  'DELETE article': 0.012,
  'PUT user': 0.025,
})
