export type { ByteRange, FileInfo, Files, PutOptions, StoredFile } from './files.ts'
