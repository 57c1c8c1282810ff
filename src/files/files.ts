// What an application gets as `files`: objects by name, streamed in and out, for uploads. A name is a relative path such
// as `avatars/7/a.webp`; what is stored under it appears whole or not at all.

export interface FileInfo {
  readonly name: string
  readonly sizeBytes: number
  readonly contentType: string
  /**
   * Strong validator of the content (RFC 9110 §8.8.1), usable as an HTTP ETag: other content has another one. How it is
   * made is the driver's matter (`fs`: the SHA-256, `s3`: the store's own), so it changes when files are moved.
   */
  readonly etag: string
  readonly modifiedAt: Date
}

export interface PutOptions {
  /** A media type such as `image/png` (RFC 9110 §8.3). Default `application/octet-stream`. */
  readonly contentType?: string
  /** Largest size accepted, in bytes; at most the configured `files.maxBytes`, which is the default. */
  readonly maxBytes?: number
}

/** Bytes `start` to `end` inclusive; without `end` to the last byte; with `suffix` the last so many bytes. */
export type ByteRange = { readonly start: number; readonly end?: number } | { readonly suffix: number }

export interface StoredFile extends FileInfo {
  /** First and last byte given, inclusive, when a range was asked for. */
  readonly range?: { readonly start: number; readonly end: number }
  /** The content. Must be read or cancelled. */
  readonly body: ReadableStream<Uint8Array>
}

export interface UploadUrlOptions {
  /** The media type that must be sent with the content. */
  readonly contentType: string
  /** The exact size of the content, which the browser knows as `file.size`; at most `files.maxBytes`. */
  readonly sizeBytes: number
  /** How long an upload may begin: 1 second to 7 days, default 15 minutes. Whole seconds count. */
  readonly expiresMs?: number
}

export interface DownloadUrlOptions {
  /** How long a download may begin: 1 second to 7 days, default 15 minutes. Whole seconds count. */
  readonly expiresMs?: number
}

/** One upload for whoever has it: `fetch(url, { method, headers, body: file })`. */
export interface UploadUrl {
  /** Absolute, or relative to the site: for a browser on a page of it. */
  readonly url: string
  readonly method: 'PUT'
  readonly headers: Readonly<Record<string, string>>
}

export interface Files {
  /**
   * Stores `content` under `name`, in place of what was there. Readers see the old content or the new, never a mixture;
   * when the source fails or is too large nothing changes.
   * @throws FILES_NAME_INVALID, FILES_TOO_LARGE, FILES_TYPE_INVALID
   */
  put(
    name: string,
    content: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | Uint8Array,
    options?: PutOptions,
  ): Promise<FileInfo>
  /** The file, or undefined when there is none. @throws FILES_RANGE_INVALID when the range lies outside the content. */
  get(name: string, range?: ByteRange): Promise<StoredFile | undefined>
  head(name: string): Promise<FileInfo | undefined>
  /** Whether there was such a file; of several calls at once, more than one may be told so. */
  delete(name: string): Promise<boolean>
  /**
   * A URL to which a browser sends content itself, in place of what is under `name`; it works until it expires, more than
   * once too. The application is not told: `head` says whether the content has come.
   * @throws FILES_NAME_INVALID, FILES_TYPE_INVALID, FILES_TOO_LARGE
   */
  uploadUrl(name: string, options: UploadUrlOptions): Promise<UploadUrl>
  /** A URL from which a browser gets the content itself, absolute or relative to the site. Absent: it answers 404. */
  downloadUrl(name: string, options?: DownloadUrlOptions): Promise<string>
}
