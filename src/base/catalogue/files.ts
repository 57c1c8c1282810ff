// By the codes of the store. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
const BUCKET_FIXES: readonly (readonly [RegExp, string])[] = [
  [
    /InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|ExpiredToken/,
    'Correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) in the environment of `pando`, and start it again.',
  ],
  [/RequestTimeTooSkewed|RequestExpired/, 'Set the clock of this server, for example with NTP.'],
  [
    /Redirect|AuthorizationHeaderMalformed|AuthorizationQueryParametersError/,
    'Set `files.region` and `files.url` to those of the bucket.',
  ],
]

export const filesErrors = {
  FILES_NAME_INVALID: {
    message: (at: { name: string; problem: string }): string =>
      `${at.name} cannot be the name of a file: ${at.problem}.`,
    fix: 'Make names yourself, such as `avatars/7.webp`; keep the name that a visitor chose in the database.',
    permanent: true,
  },
  FILES_TYPE_INVALID: {
    message: (at: { contentType: string }): string => `${at.contentType} is not a media type.`,
    fix: 'Give a media type such as `image/png` or `text/plain; charset=utf-8` (RFC 9110 §8.3), or none.',
    permanent: true,
  },
  FILES_TOO_LARGE: {
    message: (at: { name: string; maxBytes: number }): string =>
      `The content for ${at.name} is larger than ${at.maxBytes} bytes.`,
    fix: 'Send less, or raise `maxBytes` of the call or `files.maxBytes` of the topology.',
    permanent: true,
  },
  FILES_RANGE_INVALID: {
    message: (at: { name: string; range: string; sizeBytes: number }): string =>
      `${at.name} has ${at.sizeBytes} bytes, and the range ${at.range} is outside of them.`,
    fix: 'Ask for a range that begins inside the content; `head` gives its size.',
    permanent: true,
  },
  FILES_NO_SPACE: {
    message: (at: { root: string; reason: string }): string =>
      `There is no room left for files in ${at.root} (${at.reason}).`,
    fix: 'Free some space on that disk, raise its quota, or move the data directory to a larger one.',
  },
  FILES_UNAVAILABLE: {
    message: (at: { operation: string; root: string; reason: string }): string =>
      `The files in ${at.root} could not be reached to ${at.operation} (${at.reason}).`,
    fix: (at: { root: string }): string =>
      at.root.includes('://')
        ? 'Check that the store runs and that this server reaches it: `files.url`, name service, firewall.'
        : 'Check that the directory exists, is mounted, and belongs to the user that runs the web processes.',
  },
  FILES_DAMAGED: {
    message: (at: { name: string; path: string; problem: string }): string =>
      `What is stored for ${at.name} in ${at.path} was not written by Pando or has changed since: ${at.problem}.`,
    fix: 'Restore that file from a backup, or delete it and store the content again.',
  },
  FILES_CREDENTIALS_MISSING: {
    message: (at: { root: string; names: string }): string =>
      `The bucket ${at.root} needs credentials, and ${at.names} is not in the environment of this process.`,
    fix: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment of `pando`, and name them in `web.env` of the topology.',
    permanent: true,
  },
  FILES_BUCKET_MISSING: {
    message: (at: { root: string }): string => `There is no bucket ${at.root} (NoSuchBucket).`,
    fix: 'Correct `files.url`, `files.bucket` or `files.region`, or make the bucket with the tools of its provider.',
    permanent: true,
  },
  FILES_BUCKET_REFUSED: {
    message: (at: { operation: string; root: string; reason: string }): string =>
      `The bucket ${at.root} refused to ${at.operation} (${at.reason}).`,
    fix: (at: { reason: string }): string =>
      BUCKET_FIXES.find(([codes]) => codes.test(at.reason))?.[1] ??
      'Give this key the rights to list the bucket and its uploads, and to read, write and delete its objects.',
    permanent: true,
  },
  FILES_LINK_INVALID: {
    message: (at: { problem: string }): string => `This link to a file does not work: ${at.problem}.`,
    fix: 'Ask for a new link with `uploadUrl` or `downloadUrl`, and send exactly what it was made for.',
    permanent: true,
  },
  FILES_CLOSED: {
    message: (at: { operation: string }): string =>
      `The files were closed before the call to ${at.operation}.`,
    fix: 'Finish all use of `files` before the application stops.',
    permanent: true,
  },
} as const
