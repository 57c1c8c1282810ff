// `pando/load`: everything a mix file and a benchmark need.

export { freshSeed, seededRandom, type Random } from '../base/random.ts'
export { systemClock } from '../base/clock.ts'
export { lastWrites, readWriteRecords, type Verification, type WriteRecord } from './acknowledged.ts'
export { parseStages, type Stage } from './arrivals.ts'
export {
  defineMix,
  type AcknowledgedWrite,
  type Answer,
  type JsonValue,
  type LoadRequest,
  type Mix,
  type MixCall,
  type MixVariable,
  type Preparation,
  type ReadBack,
} from './mix.ts'
export { loadMix, variablesOf } from './mix-file.ts'
export { permutation } from './permutation.ts'
export { progressLine, resultText, verificationText } from './report.ts'
export type { CallResult, LatencySummary, LoadResult, StageResult } from './result.ts'
export { prepareLoad, type PreparedLoad } from './run.ts'
export type { LoadTarget, RunOptions } from './target.ts'
export { geometric, zipf, type RankSampler } from './zipf.ts'
