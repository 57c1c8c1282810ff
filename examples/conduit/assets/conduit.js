// What the pages do a little better with JavaScript: the API token for scripts on this site, favourite and follow
// without a reload, tags as pills in the editor. Every page works without it. No dependency, no inline code.

const TOKEN_KEY = 'jwtToken'

// The token comes with each page of somebody logged in and leaves with the first page of somebody who is not, so it
// never outlives the session in this browser. Storage may be forbidden; then only scripts that want the token miss it.
try {
  const token = document.querySelector('meta[name="api-token"]')?.content
  if (token) localStorage.setItem(TOKEN_KEY, token)
  else localStorage.removeItem(TOKEN_KEY)
} catch {}

// A form with `data-part` answers with the same form in its new state; it takes the place of every copy on the page.
document.addEventListener('submit', (event) => {
  const form = event.target
  if (form.dataset.part === undefined) return
  event.preventDefault()
  void submitInPlace(form, form.dataset.part)
})

async function submitInPlace(form, part) {
  const button = form.querySelector('button')
  if (button.getAttribute('aria-busy') === 'true') return
  button.setAttribute('aria-busy', 'true')
  try {
    const response = await fetch(form.action, {
      method: 'POST',
      body: new URLSearchParams(new FormData(form)),
      headers: { 'x-part': part },
    })
    if (response.redirected || !response.ok) throw new Error('the page itself shows what happened')
    const template = document.createElement('template')
    template.innerHTML = await response.text()
    replaceParts(part, template.content.firstElementChild, form)
  } catch {
    form.submit()
  }
}

function replaceParts(part, replacement, submitted) {
  for (const old of document.querySelectorAll('form[data-part]')) {
    if (old.dataset.part !== part) continue
    const fresh = replacement.cloneNode(true)
    const hadFocus = old === submitted
    old.replaceWith(fresh)
    if (hadFocus) fresh.querySelector('button').focus()
  }
}

// Says that a picture is too large before it is sent; the server decides all the same.
const MAX_AVATAR_BYTES = 2 * 1024 * 1024
const avatarInput = document.querySelector('input[name="avatar"]')
avatarInput?.addEventListener('change', () => {
  const isLarge = avatarInput.files[0]?.size > MAX_AVATAR_BYTES
  avatarInput.setCustomValidity(
    isLarge ? 'The picture is larger than 2 MiB. Please choose a smaller one.' : '',
  )
  avatarInput.reportValidity()
})

const tagInput = document.querySelector('input[name="tagList"]')
if (tagInput) editTags(tagInput, document.querySelector('.editor-page .tag-list'))

/** Turns the comma-separated field into pills; each pill carries a hidden `tag` field that the server reads. */
function editTags(input, list) {
  const add = () => {
    const present = new Set([...list.querySelectorAll('input')].map((field) => field.value))
    for (const tag of input.value.split(',').map((text) => text.trim())) {
      if (tag === '' || present.has(tag)) continue
      present.add(tag)
      list.append(pill(tag))
    }
    input.value = ''
  }
  input.addEventListener('keydown', (event) => {
    if (event.isComposing || (event.key !== 'Enter' && event.key !== ',')) return
    event.preventDefault()
    add()
  })
  list.addEventListener('click', (event) => {
    if (!event.target.closest('button')) return
    event.target.closest('.tag-pill').remove()
    input.focus()
  })
  add()
}

function pill(tag) {
  const item = document.createElement('span')
  item.className = 'tag-default tag-pill'
  const field = document.createElement('input')
  Object.assign(field, { type: 'hidden', name: 'tag', value: tag })
  const remove = document.createElement('button')
  remove.type = 'button'
  remove.setAttribute('aria-label', `Remove tag ${tag}`)
  const icon = document.createElement('i')
  icon.className = 'ion-close-round'
  icon.textContent = '×'
  remove.append(icon)
  item.append(tag, field, remove)
  return item
}
