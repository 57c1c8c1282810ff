// Removes multipart uploads that nobody finishes: their writers were killed, or could not reach the store to remove
// them. An upload counts as left behind when it has got no part for as long as the settings say.

import type { S3Client } from './s3-client.ts'
import { abortMultipart } from './s3-upload.ts'
import { xmlElements, xmlText } from './s3-xml.ts'

const OPERATION = 'list unfinished uploads'
// One page of S3 each. What is left goes with the next round.
const MAX_UPLOADS = 1_000
const MAX_PART_PAGES = 10
const MAX_PARTS_A_PAGE = 1_000

/** @returns how many uploads went that got nothing since `olderThanMs` (milliseconds since 1970), at most 1,000. */
export async function sweepUploads(client: S3Client, olderThanMs: number): Promise<number> {
  const { text } = await client.request({
    operation: OPERATION,
    method: 'GET',
    query: { uploads: '', 'encoding-type': 'url' },
  })
  let removed = 0
  for (const upload of xmlElements(text, 'Upload', MAX_UPLOADS)) {
    const key = decodeKey(xmlText(upload, 'Key'), text)
    const uploadId = xmlText(upload, 'UploadId')
    const begunMs = Date.parse(xmlText(upload, 'Initiated') ?? '')
    if (key === undefined || uploadId === undefined || !(begunMs < olderThanMs)) continue
    if ((await lastPartMs(client, key, uploadId)) >= olderThanMs) continue
    await abortMultipart(client, key, uploadId)
    removed++
  }
  return removed
}

/** A store that does not know `encoding-type` sends names as they are. */
function decodeKey(key: string | undefined, list: string): string | undefined {
  if (key === undefined || xmlText(list, 'EncodingType') !== 'url') return key
  return decodeURIComponent(key.replaceAll('+', ' '))
}

/** When the upload got its last part; -Infinity when it has none, or is gone. */
async function lastPartMs(client: S3Client, key: string, uploadId: string): Promise<number> {
  let last = -Infinity
  let marker = '0'
  for (let page = 0; page < MAX_PART_PAGES; page++) {
    const query = { uploadId, 'part-number-marker': marker }
    const { text } = await client.request({ operation: OPERATION, method: 'GET', key, query, accept: [404] })
    for (const part of xmlElements(text, 'Part', MAX_PARTS_A_PAGE))
      last = Math.max(last, Date.parse(xmlText(part, 'LastModified') ?? ''))
    if (xmlText(text, 'IsTruncated') !== 'true') break
    marker = xmlText(text, 'NextPartNumberMarker') ?? '10000'
  }
  return last
}
