// The icons, drawn inline so that they take the text's colour and need no request. Each is decoration: the element
// beside it carries the words. The class names are RealWorld's.

import { html } from 'hono/html'
import type { Html } from './html.ts'

const PATHS = {
  'ion-compose':
    'M3 17.5V21h3.5L17.8 9.7l-3.5-3.5zM20.7 6.8a1 1 0 0 0 0-1.4l-2.1-2.1a1 1 0 0 0-1.4 0l-1.6 1.6 3.5 3.5z',
  'ion-gear-a':
    'M4 6h8v2H4zm12 0h4v2h-4zM13 4h2v6h-2zM4 11h3v2H4zm7 0h9v2h-9zM8 9h2v6H8zm-4 7h9v2H4zm13 0h3v2h-3zm-3-2h2v6h-2z',
  'ion-heart': 'M12 21 3.6 12.6a5.4 5.4 0 0 1 7.6-7.6l.8.8.8-.8a5.4 5.4 0 0 1 7.6 7.6z',
  'ion-plus-round': 'M10.5 4h3v6.5H20v3h-6.5V20h-3v-6.5H4v-3h6.5z',
  'ion-trash-a': 'M9 3h6l1 2h5v2H3V5h5zM5 9h14l-1 12H6zm4 2v8h1.6v-8zm4.4 0v8H15v-8z',
} as const

export function icon(name: keyof typeof PATHS): Html {
  return html`<i class="${name}" aria-hidden="true"
    ><svg viewBox="0 0 24 24" focusable="false"><path d="${PATHS[name]}" /></svg
  ></i>`
}
