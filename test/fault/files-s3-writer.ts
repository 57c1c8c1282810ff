// A process that stores files in a bucket until it is killed: `node files-s3-writer.ts PLACE PART_BYTES NAME`, PLACE as
// JSON. It puts versions 1, 2, 3… of NAME and tells every acknowledged one as a line with its number; a put that the
// store did not take is tried again as the next version.

import { systemClock } from '../../src/base/clock.ts'
import { isPlatformError } from '../../src/base/errors.ts'
import type { S3Place } from '../../src/files/drivers/s3-client.ts'
import { s3 } from '../../src/files/drivers/s3.ts'
import { contentOf } from './files-content.ts'

const [place, partBytes, name] = process.argv.slice(2) as [string, string, string]
const driver = await s3({
  ...(JSON.parse(place) as S3Place),
  partBytes: Number(partBytes),
  temporaryMaxAgeMs: 3_600_000,
  clock: systemClock,
})
for (let version = 1; ; version++) {
  try {
    await driver.put(name, contentOf(name, version), `text/x-${version}`)
    process.stdout.write(`${version}\n`)
  } catch (error) {
    if (!isPlatformError(error, 'FILES_UNAVAILABLE')) throw error
  }
}
