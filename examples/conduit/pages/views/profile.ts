// A person's page: who it is, and the articles they wrote or marked as favourites.
//
// RealWorld names the person in an `h4`; `aria-level` makes it the page's own heading for assistive technology.

import { html } from 'hono/html'
import { profilePath } from '../paths.ts'
import type { Profile } from '../../data/profiles.ts'
import { articleList, type ArticleList } from './article-list.ts'
import { avatar } from './avatar.ts'
import { followForm } from './favorite.ts'
import type { Html } from './html.ts'
import { icon } from './icon.ts'
import { tabs } from './tabs.ts'

export interface ProfileView {
  readonly profile: Profile
  /** Whether it is the visitor's own. */
  readonly own: boolean
  readonly shows: 'written' | 'favorites'
  readonly list: ArticleList
}

export function profileView({ profile, own, shows, list }: ProfileView): Html {
  const path = profilePath(profile.username)
  return html`<div class="profile-page">
    <div class="user-info">
      <div class="container">
        ${avatar(profile.image, 104, 'user-img')}
        <h4 aria-level="1">${profile.username}</h4>
        ${profile.bio === null ? '' : html`<p class="bio">${profile.bio}</p>`}
        <div class="buttons">${own ? editProfile() : followForm(profile)}</div>
      </div>
    </div>
    <div class="container page medium">
      ${tabs('articles-toggle', 'Articles', [
        { label: own ? 'My Articles' : 'Articles', path, active: shows === 'written' },
        { label: 'Favorited Articles', path: `${path}/favorites`, active: shows === 'favorites' },
      ])}
      ${articleList(list, 2)}
    </div>
  </div>`
}

function editProfile(): Html {
  return html`<a class="btn btn-sm btn-outline-secondary action-btn" href="/settings">
    ${icon('ion-gear-a')}<span>Edit Profile Settings</span>
  </a>`
}
