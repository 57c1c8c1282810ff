// Text of a wanted length, cheaply: a block of Markdown is made once from the seed and bodies are cut out of it. Its
// sentences repeat, so it compresses better than real prose (PostgreSQL's TOAST makes about a third of it).

import type { Random } from 'pando/load'

const BLOCK_CHARACTERS = 512 * 1024
const WORDS =
  'the a of and to in is was that it for on with as are this by be at from or an not have which one all their has more when can there will two under request answer server reader writer time memory disk network page list number change order result value system part place name state line word point case work way day week year team small large slow fast simple hard late early first last other same new old good bad next every never often always between before after while again'.split(
    ' ',
  )

export interface Prose {
  /** Markdown of at most `characters`, cut at a blank. */
  body(random: Random, characters: number): string
  /** One line of plain text of at most `characters`. */
  line(random: Random, characters: number): string
}

export function createProse(random: Random): Prose {
  const markdown = block(random, true)
  const plain = block(random, false)
  const cut = (source: string, from: Random, characters: number): string => {
    const start = source.indexOf(' ', from.integer(source.length - characters - 100)) + 1
    const end = source.lastIndexOf(' ', start + characters)
    return source.slice(start, end)
  }
  return {
    body: (from, characters) => cut(markdown, from, characters),
    line: (from, characters) => cut(plain, from, characters),
  }
}

function block(random: Random, markdown: boolean): string {
  const parts: string[] = []
  let length = 0
  while (length < BLOCK_CHARACTERS) {
    const part = sentence(random) + (markdown ? separator(random) : ' ')
    parts.push(part)
    length += part.length
  }
  return parts.join('')
}

function sentence(random: Random): string {
  const words = Array.from({ length: 5 + random.integer(14) }, () => WORDS[random.integer(WORDS.length)]!)
  const text = words.join(' ')
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`
}

function separator(random: Random): string {
  const at = random.integer(100)
  if (at < 80) return ' '
  if (at < 93) return '\n\n'
  return at < 97 ? '\n\n- ' : '\n\n## In short \n\n'
}
