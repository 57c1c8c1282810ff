import { expect, test } from 'vitest'
import { imageType } from './image-type.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')

test.each([
  { text: '\x89PNG\r\n\x1a\n....', contentType: 'image/png', extension: 'png' },
  { text: '\xff\xd8\xff\xe0....', contentType: 'image/jpeg', extension: 'jpg' },
  { text: 'GIF89a......', contentType: 'image/gif', extension: 'gif' },
  { text: 'RIFF\x00\n\x00\x00WEBPVP8 ', contentType: 'image/webp', extension: 'webp' },
])('a picture is known by its first bytes: $contentType', ({ text, contentType, extension }) => {
  expect(imageType(bytes(text))).toMatchObject({ contentType, extension })
})

test.each([
  '',
  '\x89PNG',
  '<svg xmlns="http://www.w3.org/2000/svg">',
  '<!doctype html>',
  ' GIF89a',
  'RIFF....WAVE',
])('anything else is no picture: %j', (text) => {
  expect(imageType(bytes(text))).toBeUndefined()
})
