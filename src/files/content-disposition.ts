// Whether a browser shows a file or saves it, and under which name, as RFC 6266 writes it. Pure.

/** `attachment; filename="a.pdf"` */
export function contentDisposition(disposition: 'inline' | 'attachment', name: string): string {
  return `${disposition}; ${fileNameParameters(name)}`
}

/** RFC 6266 §4.3 with appendix D's advice: plain ASCII for old readers, RFC 8187 for the name as it is. */
function fileNameParameters(name: string): string {
  const wellFormed = name.toWellFormed()
  const ascii = wellFormed.replaceAll(/[^\w.\- ]/g, '_')
  if (ascii === wellFormed) return `filename="${ascii}"`
  const encoded = encodeURIComponent(wellFormed).replaceAll(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `filename="${ascii}"; filename*=UTF-8''${encoded}`
}
