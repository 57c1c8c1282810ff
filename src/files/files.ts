// What an application gets as `files`: objects by name, streamed in and out, for uploads. A name is a relative path such
// as `avatars/7/a.webp`; what is stored under it appears whole or not at all.

export interface FileInfo {
  readonly name: string
  readonly sizeBytes: number
  readonly contentType: string
  /** Strong validator of the content: the quoted base64url SHA-256, usable as an HTTP ETag. */
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
  /** Whether there was such a file. */
  delete(name: string): Promise<boolean>
}
