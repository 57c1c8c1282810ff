// Home: the feeds of all, of the people one follows, and of one tag, with the most used tags beside them.

import { html } from 'hono/html'
import { tagPath } from '../paths.ts'
import { articleList, type ArticleList } from './article-list.ts'
import type { Html } from './html.ts'
import { tabs, type Tab } from './tabs.ts'

/** Which of the feeds is shown. */
export type Feed = { readonly kind: 'global' | 'following' } | { readonly kind: 'tag'; readonly tag: string }

export interface HomeView {
  readonly feed: Feed
  readonly list: ArticleList
  readonly tags: readonly string[]
  readonly loggedIn: boolean
}

export function homeView({ feed, list, tags, loggedIn }: HomeView): Html {
  return html`<div class="home-page">
    <div class="banner">
      <div class="container">
        <h1 class="logo-font">conduit</h1>
        <p>A place to share your knowledge.</p>
      </div>
    </div>
    <div class="container page columns">
      <div>${tabs('feed-toggle', 'Feeds', feedTabs(feed, loggedIn))} ${articleList(list, 2)}</div>
      <aside class="sidebar" aria-labelledby="popular-tags">
        <h2 id="popular-tags">Popular Tags</h2>
        ${tags.length === 0 ? html`<p class="hint">No tags are here... yet.</p>` : tagLinks(tags, feed)}
      </aside>
    </div>
  </div>`
}

function feedTabs(feed: Feed, loggedIn: boolean): Tab[] {
  const all: Tab[] = loggedIn
    ? [{ label: 'Your Feed', path: '/?feed=following', active: feed.kind === 'following' }]
    : []
  all.push({ label: 'Global Feed', path: '/', active: feed.kind === 'global' })
  if (feed.kind === 'tag') all.push({ label: `#${feed.tag}`, path: tagPath(feed.tag), active: true })
  return all
}

function tagLinks(tags: readonly string[], feed: Feed): Html {
  const here = feed.kind === 'tag' ? feed.tag : undefined
  return html`<div class="tag-list">
    ${tags.map(
      (tag) =>
        html`<a
          href="${tagPath(tag)}"
          class="tag-pill tag-default"
          ${tag === here ? html` aria-current="true"` : ''}
          >${tag}</a
        >`,
    )}
  </div>`
}
