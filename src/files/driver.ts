// The contract between the `files` tier and a place that keeps objects. The tier has already checked names, media types
// and sizes when it calls a driver, so a driver sees legal names only and content that ends or throws.
//
// Every driver passes `testFileDriver` of `pando/testing`.

import type {
  ByteRange,
  DownloadUrlOptions,
  FileInfo,
  StoredFile,
  UploadUrl,
  UploadUrlOptions,
} from './files.ts'

export interface FileDriverCapabilities {
  /** What one process stores, all processes that open the same place can read at once. */
  readonly shared: boolean
  /** What `put` has acknowledged survives a crash of the process and of the machine. */
  readonly durable: boolean
  /** Of several concurrent deletions of one file exactly one is told that it was there. */
  readonly deletesOnce: boolean
}

/** URLs that let whoever has them make one request. The options are checked and complete. */
export interface FileLinks {
  upload(name: string, options: Required<UploadUrlOptions>): Promise<Pick<UploadUrl, 'url' | 'headers'>>
  download(name: string, options: Required<DownloadUrlOptions>): Promise<string>
}

export interface FileDriver extends AsyncDisposable {
  readonly capabilities: FileDriverCapabilities

  /**
   * Stores the bytes of `content` under `name`, in place of what was there, and resolves when they are durable.
   *
   * Absent: creates it. Twice, or concurrently for one name, in this process or another: each resolves, one of the
   * contents stays, whole, with its own media type. When `content` throws, its error is passed on as it is, nothing is
   * changed and nothing is left behind. What is held in memory has a bound, whatever the length of the content.
   * @throws FILES_NO_SPACE, FILES_UNAVAILABLE; nothing is changed then, except that after FILES_UNAVAILABLE the new
   * content may already be there, whole, or be so in a moment. FILES_CLOSED
   */
  put(name: string, content: AsyncIterable<Uint8Array>, contentType: string): Promise<FileInfo>

  /**
   * The content as it was at the moment of the call, whatever is stored or deleted while it is read; info, range and
   * body are of one version. Absent: undefined. The body must be read or cancelled, and can be after `close`.
   * @throws FILES_RANGE_INVALID when `range` selects nothing. FILES_DAMAGED when what is there was not stored by `put`.
   * FILES_UNAVAILABLE, FILES_CLOSED
   */
  get(name: string, range?: ByteRange): Promise<StoredFile | undefined>

  /** What `get` would tell, without the content. @throws as `get` */
  head(name: string): Promise<FileInfo | undefined>

  /**
   * Removes the file durably; whether it was there. Of several concurrent calls for one file at least one is told true,
   * and exactly one where the driver is capable of `deletesOnce`.
   * @throws FILES_UNAVAILABLE, FILES_CLOSED
   */
  delete(name: string): Promise<boolean>

  /** The place's own links; without them the web processes answer links. */
  readonly links?: FileLinks

  /** Gives up what the driver holds. May be called twice. Calls under way finish; later ones throw FILES_CLOSED. */
  close(): Promise<void>
}
