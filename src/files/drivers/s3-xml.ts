// The little of XML that S3 answers with: flat elements with text inside. Nothing here resolves entities of a document's
// own, so a hostile document can at worst give a wrong text.

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The text of the first element called `name` (letters only), or undefined. */
export function xmlText(document: string, name: string): string | undefined {
  const found = xmlElements(document, name, 1)[0]
  return found?.replaceAll(/&(#x[0-9a-f]+|#[0-9]+|[a-z]+);/gi, (whole, entity: string) => {
    if (!entity.startsWith('#')) return ENTITIES[entity] ?? whole
    const point = Number(entity.replace(/^#x/i, '0x').replace(/^#/, ''))
    return point <= 0x10_ffff ? String.fromCodePoint(point) : whole
  })
}

/** What stands inside the elements called `name`, at most `limit` of them. */
export function xmlElements(document: string, name: string, limit: number): readonly string[] {
  const found: string[] = []
  const [open, close] = [`<${name}>`, `</${name}>`]
  for (let at = document.indexOf(open); at !== -1 && found.length < limit; at = document.indexOf(open, at)) {
    const end = document.indexOf(close, at)
    if (end === -1) break
    found.push(document.slice(at + open.length, end))
    at = end
  }
  return found
}

/** `text` as it may stand inside an element. */
export function xmlEscape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
