// The writes of Conduit's client. Each claims what it is about until its answer has been read back, so that of two
// requests of this run about one thing the second goes elsewhere, and what an answer must show is never in doubt.

import type { AcknowledgedWrite, LoadRequest, Random } from 'pando/load'
import type { ConduitState, MadeArticle, MadeEdge } from './state.ts'

type Write = (state: ConduitState, random: Random) => LoadRequest | undefined

/** How often another target is drawn when the first is taken. */
const DRAWS = 5
/** The first of `draw`'s targets that nobody works on, claimed; undefined when all were taken. */
function claimed<Target>(
  { claims }: ConduitState,
  keyOf: (target: Target) => string,
  draw: () => Target,
): Target | undefined {
  for (let tries = 0; tries < DRAWS; tries++) {
    const target = draw()
    if (claims.claim(keyOf(target))) return target
  }
  return undefined
}

const favoriteKey = ({ visitor, target }: MadeEdge): string => `favorite ${visitor.username} ${target}`
const followKey = ({ visitor, target }: MadeEdge): string => `follow ${visitor.username} ${target}`

function favoriteRequest(
  state: ConduitState,
  edge: MadeEdge,
  method: 'POST' | 'DELETE',
  done: (acknowledged: boolean) => void,
): LoadRequest {
  const key = favoriteKey(edge)
  const write = state.favoriteWrites.write(edge.target)
  state.undisturbed.set(key, () => !write.disturbed())
  let acknowledged = false
  return {
    method,
    path: `/api/articles/${edge.target}/favorite`,
    headers: edge.visitor.headers,
    writes: key,
    onAnswer(answer): AcknowledgedWrite {
      acknowledged = true
      const { article } = answer.json() as { article: { favoritesCount: number } }
      return {
        key,
        kind: 'favorite',
        user: edge.visitor.username,
        slug: edge.target,
        favorited: method === 'POST',
        count: article.favoritesCount,
      }
    },
    onEnd() {
      write.end()
      state.undisturbed.delete(key)
      state.claims.release(key)
      done(acknowledged)
    },
  }
}

const postFavorite: Write = (state, random) => {
  const edge = claimed(state, favoriteKey, () => ({
    visitor: state.visitors.writer(random),
    target: state.targets.writeArticle(random),
  }))
  if (edge === undefined) return undefined
  return favoriteRequest(state, edge, 'POST', (ok) => ok && state.made.favorites.put(edge, random))
}

const deleteFavorite: Write = (state, random) => {
  const edge = state.made.favorites.take(random)
  if (edge === undefined || !state.claims.claim(favoriteKey(edge))) return undefined
  return favoriteRequest(state, edge, 'DELETE', () => {})
}

function followRequest(
  state: ConduitState,
  edge: MadeEdge,
  method: 'POST' | 'DELETE',
  done: (acknowledged: boolean) => void,
): LoadRequest {
  const key = followKey(edge)
  let acknowledged = false
  return {
    method,
    path: `/api/profiles/${edge.target}/follow`,
    headers: edge.visitor.headers,
    writes: key,
    onAnswer(): AcknowledgedWrite {
      acknowledged = true
      const user = edge.visitor.username
      return { key, kind: 'follow', user, other: edge.target, following: method === 'POST' }
    },
    onEnd() {
      state.claims.release(key)
      done(acknowledged)
    },
  }
}

const postFollow: Write = (state, random) => {
  const edge = claimed(state, followKey, () => ({
    visitor: state.visitors.writer(random),
    target: state.targets.person(random),
  }))
  if (edge === undefined) return undefined
  return followRequest(state, edge, 'POST', (ok) => ok && state.made.follows.put(edge, random))
}

const deleteFollow: Write = (state, random) => {
  const edge = state.made.follows.take(random)
  if (edge === undefined || !state.claims.claim(followKey(edge))) return undefined
  return followRequest(state, edge, 'DELETE', () => {})
}

const COMMENT_CHARACTERS = 200

const postComment: Write = (state, random) => {
  const author = state.visitors.writer(random)
  const slug = state.targets.writeArticle(random)
  const text = `${state.prose.line(random, COMMENT_CHARACTERS)} (${state.runName} ${state.nextNumber()})`
  let id: number | undefined
  return {
    method: 'POST',
    path: `/api/articles/${slug}/comments`,
    headers: author.headers,
    body: { comment: { body: text } },
    expect: [201],
    onAnswer(answer): AcknowledgedWrite {
      id = (answer.json() as { comment: { id: number } }).comment.id
      return { key: `comment ${id}`, kind: 'comment', user: author.username, slug, id, text, present: true }
    },
    onEnd() {
      if (id !== undefined) state.made.comments.put({ slug, id, text, author }, random)
    },
  }
}

const deleteComment: Write = (state, random) => {
  const comment = state.made.comments.take(random)
  if (comment === undefined) return undefined
  const { slug, id, text, author } = comment
  const key = `comment ${id}`
  return {
    method: 'DELETE',
    path: `/api/articles/${slug}/comments/${id}`,
    headers: author.headers,
    expect: [204],
    writes: key,
    onAnswer: () => ({ key, kind: 'comment', user: author.username, slug, id, text, present: false }),
  }
}

const BODY_CHARACTERS = 2_500
/** Of the articles made; a little more than the mixes delete. */
const DELETABLE_SHARE = 0.125

const postArticle: Write = (state, random) => {
  const author = state.visitors.writer(random)
  const title = `Load ${state.runName} ${state.nextNumber()}`
  const body = state.prose.body(random, BODY_CHARACTERS)
  const tagList = [...new Set([state.targets.tag(random), state.targets.tag(random)])]
  const deletable = random.next() < DELETABLE_SHARE
  let slug: string | undefined
  return {
    method: 'POST',
    path: '/api/articles',
    headers: author.headers,
    body: { article: { title, description: state.prose.line(random, 120), body, tagList } },
    expect: [201],
    onAnswer(answer): AcknowledgedWrite {
      slug = (answer.json() as { article: { slug: string } }).article.slug
      return articleWrite({ slug, title, author }, title)
    },
    onEnd() {
      if (slug === undefined) return
      if (!deletable) state.targets.published(slug)
      state.made[deletable ? 'deletableArticles' : 'articles'].put({ slug, title, author }, random)
    },
  }
}

function articleWrite({ slug, title, author }: MadeArticle, text: string | null): AcknowledgedWrite {
  return { key: `article ${slug}`, kind: 'article', user: author.username, slug, title, text }
}

const putArticle: Write = (state, random) => {
  const article = state.made.articles.take(random)
  if (article === undefined) return undefined
  const { author, slug, title } = article
  const text = `Edited ${state.runName} ${state.nextNumber()}. ${state.prose.line(random, BODY_CHARACTERS)}`
  let current: string | undefined
  return {
    method: 'PUT',
    path: `/api/articles/${slug}`,
    headers: author.headers,
    body: { article: { body: text } },
    writes: `article ${slug}`,
    onAnswer(answer): AcknowledgedWrite {
      current = (answer.json() as { article: { slug: string } }).article.slug
      return articleWrite({ slug: current, title, author }, text)
    },
    onEnd() {
      if (current !== undefined) state.made.articles.put({ slug: current, title, author }, random)
    },
  }
}

const deleteArticle: Write = (state, random) => {
  const article = state.made.deletableArticles.take(random)
  if (article === undefined) return undefined
  const { author, slug } = article
  return {
    method: 'DELETE',
    path: `/api/articles/${slug}`,
    headers: author.headers,
    expect: [204],
    writes: `article ${slug}`,
    onAnswer: () => articleWrite(article, null),
  }
}

export const contentWrites = {
  'POST favourite': postFavorite,
  'DELETE favourite': deleteFavorite,
  'POST comment': postComment,
  'DELETE comment': deleteComment,
  'POST follow': postFollow,
  'DELETE follow': deleteFollow,
  'POST article': postArticle,
  'PUT article': putArticle,
  'DELETE article': deleteArticle,
} as const satisfies Record<string, Write>
