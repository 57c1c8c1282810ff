export { copyFiles, type CopyResult } from './drivers/fs-copy.ts'
export { filesConfig, type FilesSettings, type FilesSettingsInput } from './config.ts'
export type { FileDriver, FileDriverCapabilities, FileLinks } from './driver.ts'
export type {
  ByteRange,
  DownloadUrlOptions,
  FileInfo,
  Files,
  PutOptions,
  StoredFile,
  UploadUrl,
  UploadUrlOptions,
} from './files.ts'
export { answeringLinks } from './link-handler.ts'
export { filesOn, openFiles, type OpenedFiles, type OpenFilesOptions } from './open.ts'
export { fileResponse, type FileResponseOptions } from './response.ts'
