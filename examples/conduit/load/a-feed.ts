// Mix A for a site whose visitors see what the people they follow wrote: half of the home reads are the feed.

import { BROWSE } from './a-browse.ts'
import { conduitMix } from './conduit-mix.ts'

export default conduitMix(
  'A feed',
  'Mix A with half of the home reads replaced by the feed, which no shared cache can help.',
  { ...BROWSE, 'GET articles, global': 4.98, 'GET articles by tag': 0.88, 'GET feed': 9.56 },
)
