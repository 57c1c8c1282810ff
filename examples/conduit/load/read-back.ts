// How each write of the mixes can be seen afterwards, by its writer and by anybody.

import type { AcknowledgedWrite, Answer, ReadBack } from 'pando/load'
import type { ConduitState } from './state.ts'

type Purpose = 'probe' | 'verify'

export async function readBackConduit(
  state: ConduitState,
  write: AcknowledgedWrite,
  purpose: Purpose,
): Promise<readonly ReadBack[]> {
  const reads = readersOf(state, write, purpose)
  // Nobody need log in to look at what everybody may see.
  const wanted = purpose === 'verify' && reads.anonymous.length > 0 ? { ...reads, writer: [] } : reads
  const anonymous = wanted.anonymous.map((look): ReadBack => ({ ...look, reader: 'anonymous' }))
  if (wanted.writer.length === 0) return anonymous
  const { headers } = await state.visitors.named(String(write['user']))
  return [...anonymous, ...wanted.writer.map((look): ReadBack => ({ ...look, reader: 'writer', headers }))]
}

type Look = Pick<ReadBack, 'path' | 'shows'>

function readersOf(
  state: ConduitState,
  write: AcknowledgedWrite,
  purpose: Purpose,
): { readonly anonymous: readonly Look[]; readonly writer: readonly Look[] } {
  switch (write['kind']) {
    case 'favorite':
      return favorite(state, write, purpose)
    case 'follow':
      return { anonymous: [], writer: [follow(write)] }
    case 'comment':
      return { anonymous: [comment(write)], writer: [comment(write)] }
    case 'article':
      return { anonymous: articleLooks(write, purpose), writer: [article(write)] }
    case 'user':
      return { anonymous: [profile(write)], writer: [] }
    default:
      return { anonymous: [], writer: [] }
  }
}

function favorite(
  { undisturbed }: ConduitState,
  write: AcknowledgedWrite,
  purpose: Purpose,
): { readonly anonymous: readonly Look[]; readonly writer: readonly Look[] } {
  const path = `/api/articles/${String(write['slug'])}`
  const countOf = (answer: Answer): number =>
    (answer.json() as { article: { favoritesCount: number } }).article.favoritesCount
  return {
    // Later, others will have changed the count.
    anonymous:
      purpose === 'verify'
        ? []
        : [
            {
              path,
              shows: (answer) =>
                countOf(answer) === write['count'] ||
                (undisturbed.get(write.key)?.() === true ? false : undefined),
            },
          ],
    writer: [
      {
        path,
        shows: (answer) =>
          (answer.json() as { article: { favorited: boolean } }).article.favorited === write['favorited'],
      },
    ],
  }
}

function follow(write: AcknowledgedWrite): Look {
  return {
    path: `/api/profiles/${String(write['other'])}`,
    shows: (answer) =>
      (answer.json() as { profile: { following: boolean } }).profile.following === write['following'],
  }
}

/** Its text is found once: under its id while it is present, nowhere when it was deleted. */
function comment(write: AcknowledgedWrite): Look {
  return {
    path: `/api/articles/${String(write['slug'])}/comments`,
    shows(answer) {
      const { comments } = answer.json() as { comments: { id: number; body: string }[] }
      if (comments.some(({ id, body }) => id !== write['id'] && body === write['text'])) return 'twice'
      return comments.some(({ id }) => id === write['id']) === write['present']
    },
  }
}

/** `text` is the title of a new article, the body of an edited one, null of a deleted one. */
function article(write: AcknowledgedWrite): Look {
  const { slug, text } = write
  return {
    path: `/api/articles/${String(slug)}`,
    shows(answer) {
      if (text === null) return answer.status === 404
      if (answer.status !== 200) return false
      const { title, body } = (answer.json() as { article: { title: string; body: string } }).article
      return title === text || body === text
    },
  }
}

/** The title is that of no other article among the author's newest. */
function onlyOne({ user, slug, title }: AcknowledgedWrite): Look {
  return {
    path: `/api/articles?author=${String(user)}&limit=100`,
    shows(answer) {
      const { articles } = answer.json() as { articles: { slug: string; title: string }[] }
      return articles.some((other) => other.slug !== slug && other.title === title) ? 'twice' : true
    },
  }
}

function articleLooks(write: AcknowledgedWrite, purpose: Purpose): readonly Look[] {
  const { slug, text, user } = write
  if (purpose === 'verify') return [article(write), onlyOne(write)]
  // Only a new article is sure to be on the first page, and only at first.
  if (!String(text).startsWith('Load ')) return [article(write)]
  const inList: Look = {
    path: `/api/articles?author=${String(user)}&limit=20`,
    shows: (answer) =>
      (answer.json() as { articles: { slug: string }[] }).articles.some((listed) => listed.slug === slug),
  }
  return [article(write), inList]
}

function profile(write: AcknowledgedWrite): Look {
  return {
    path: `/api/profiles/${String(write['user'])}`,
    shows: (answer) =>
      answer.status === 200 &&
      (answer.json() as { profile: { bio: string | null } }).profile.bio === write['bio'],
  }
}
