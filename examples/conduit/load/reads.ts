// The reads of Conduit's client. 30 % of all page views are by people who are logged in. Of their home views four in
// five show the feed, so of the views that show a list of articles for everybody only 6 in 76 are logged in.

import type { LoadRequest, Random } from 'pando/load'
import { readerHeaders, type ConduitState } from './state.ts'

const LOGGED_IN_SHARE = 0.3
const LOGGED_IN_LIST_SHARE = 0.06 / 0.76

type Read = (state: ConduitState, random: Random) => LoadRequest

/** A read by anybody. */
function read(path: (state: ConduitState, random: Random) => string, loggedInShare = LOGGED_IN_SHARE): Read {
  return (state, random) => ({
    method: 'GET',
    path: path(state, random),
    headers: readerHeaders(state, random, loggedInShare),
  })
}

export const reads = {
  'GET article': read(({ targets }, random) => `/api/articles/${targets.readArticle(random)}`),
  'GET comments': read(({ targets }, random) => `/api/articles/${targets.readArticle(random)}/comments`),
  'GET tags': read(() => '/api/tags', 0),
  'GET articles, global': read(
    ({ targets }, random) => `/api/articles?${targets.page(random)}`,
    LOGGED_IN_LIST_SHARE,
  ),
  'GET feed': read(({ targets }, random) => `/api/articles/feed?${targets.page(random)}`, 1),
  'GET profile': read(({ targets }, random) => `/api/profiles/${targets.person(random)}`),
  'GET articles by author': read(
    ({ targets }, random) => `/api/articles?author=${targets.person(random)}&${targets.page(random)}`,
  ),
  'GET articles by tag': read(
    ({ targets }, random) => `/api/articles?tag=${targets.tag(random)}&${targets.page(random)}`,
    LOGGED_IN_LIST_SHARE,
  ),
  'GET current user': read(() => '/api/user', 1),
  'GET articles favourited by': read(
    ({ targets }, random) => `/api/articles?favorited=${targets.person(random)}&${targets.page(random)}`,
  ),
} as const satisfies Record<string, Read>
