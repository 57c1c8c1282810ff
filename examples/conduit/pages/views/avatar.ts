// A person's picture. The address comes from the person, so only two kinds reach the page: https addresses and uploads
// of this site. Anything else (`javascript:`, `data:`, plain http, nonsense) shows the default picture.

import { html } from 'hono/html'
import { asset } from '../static-assets.ts'
import type { Html } from './html.ts'

const UPLOADED = /^\/avatars\/\d+\/[\w-]+\.(?:png|jpg|webp|gif)$/

export function isAcceptableImage(image: string): boolean {
  if (UPLOADED.test(image)) return true
  return /^https:\/\//i.test(image) && URL.canParse(image)
}

export function avatarUrl(image: string | null): string {
  return image !== null && isAcceptableImage(image) ? image : asset('default-avatar.svg')
}

/** The picture at a fixed size; `alt` is empty because the name always stands beside it. */
export function avatar(image: string | null, size: number, className: string): Html {
  return html`<img
    src="${avatarUrl(image)}"
    class="${className}"
    alt=""
    width="${size}"
    height="${size}"
    decoding="async"
    referrerpolicy="no-referrer"
  />`
}
