// What kind of picture some bytes are, by the signature at their beginning. The type and name that come with an upload
// are the visitor's word and decide nothing. Signatures: WHATWG MIME Sniffing §6.1.

export interface ImageType {
  readonly contentType: string
  readonly extension: 'png' | 'jpg' | 'gif' | 'webp'
}

/** Bytes of the beginning that `imageType` needs. */
export const SIGNATURE_BYTES = 12

const SIGNATURES: readonly (ImageType & { readonly pattern: RegExp })[] = [
  // eslint-disable-next-line no-control-regex
  { contentType: 'image/png', extension: 'png', pattern: /^\x89PNG\r\n\x1a\n/ },
  { contentType: 'image/jpeg', extension: 'jpg', pattern: /^\xff\xd8\xff/ },
  { contentType: 'image/gif', extension: 'gif', pattern: /^GIF8[79]a/ },
  { contentType: 'image/webp', extension: 'webp', pattern: /^RIFF[^]{4}WEBP/ },
]

/** Undefined when it is none of the four. */
export function imageType(beginning: Uint8Array): ImageType | undefined {
  const text = Buffer.from(beginning.subarray(0, SIGNATURE_BYTES)).toString('latin1')
  return SIGNATURES.find(({ pattern }) => pattern.test(text))
}
