// The form for a new article and for changing one. Tags are one comma-separated field; the script turns it into pills.

import { html } from 'hono/html'
import { errorMessages } from './error-messages.ts'
import { field } from './field.ts'
import type { Html } from './html.ts'

export interface EditorView {
  /** Of the article being changed; undefined for a new one. */
  readonly slug: string | undefined
  readonly title: string
  readonly description: string
  readonly body: string
  readonly tagList: readonly string[]
  readonly errors: readonly string[]
}

export function editorView(view: EditorView): Html {
  const action = view.slug === undefined ? '/editor' : `/editor/${encodeURIComponent(view.slug)}`
  return html`<div class="editor-page">
    <div class="container page medium">
      <h1 class="form-title">${view.slug === undefined ? 'New Article' : 'Edit Article'}</h1>
      ${errorMessages(view.errors)}
      <form method="post" action="${action}">
        ${field({ name: 'title', label: 'Article Title', value: view.title, required: true, large: true })}
        ${field({
          name: 'description',
          label: "What's this article about?",
          value: view.description,
          required: true,
        })}
        ${field({
          name: 'body',
          label: 'Text',
          placeholder: 'Write your article (in markdown)',
          value: view.body,
          rows: 12,
          required: true,
        })}
        ${field({
          name: 'tagList',
          label: 'Tags',
          placeholder: 'Enter tags',
          value: view.tagList.join(', '),
          hint: 'Separate tags with commas.',
          after: html`<div class="tag-list"></div>`,
        })}
        <div class="form-actions">
          <button type="submit" class="btn btn-lg btn-primary">Publish Article</button>
        </div>
      </form>
    </div>
  </div>`
}
