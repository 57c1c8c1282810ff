// Media types as RFC 9110 §8.3.1 writes them. What a visitor's browser claims is checked for form only, never believed:
// `fileResponse` decides by the type whether a browser may show the content.

import { PlatformError } from '../base/errors.ts'

export const CONTENT_TYPE_MAX_LENGTH = 255

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const QUOTED = '"(?:[\\t !#-[\\]-~]|\\\\[\\t -~])*"'
const MEDIA_TYPE = new RegExp(`^(${TOKEN}/${TOKEN})((?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|${QUOTED}))*)$`)

/**
 * The media type with type and subtype in lower case; parameters stay as they are.
 * @throws FILES_TYPE_INVALID
 */
export function checkContentType(contentType: string): string {
  const parts = contentType.length <= CONTENT_TYPE_MAX_LENGTH ? MEDIA_TYPE.exec(contentType) : null
  if (parts === null)
    throw new PlatformError('FILES_TYPE_INVALID', { contentType: JSON.stringify(contentType.slice(0, 100)) })
  return `${parts[1]!.toLowerCase()}${parts[2]!}`
}
