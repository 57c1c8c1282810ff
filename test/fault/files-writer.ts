// A process that stores files until it is killed: `node files-writer.ts ROOT PREFIX WRITERS`. Each of its writers puts
// versions 1, 2, 3… of one file; version v consists of the line `PREFIX/WRITER v` again and again. Every acknowledged
// put is told as one line `NAME v`.

import { filesConfig, openFiles } from '../../src/files/index.ts'
import { contentOf } from './files-content.ts'

const [root, prefix, writers] = process.argv.slice(2) as [string, string, string]
const files = await openFiles({ dir: root, settings: filesConfig.parse({}) })

async function write(name: string): Promise<never> {
  const stored = await files.get(name)
  let version =
    stored === undefined ? 0 : Number((await new Response(stored.body).text()).split(/[ \n]/, 2)[1])
  for (;;) {
    version++
    await files.put(name, contentOf(name, version), { contentType: `text/x-${version}` })
    process.stdout.write(`${name} ${version}\n`)
  }
}

await Promise.all(Array.from({ length: Number(writers) }, (_, index) => write(`${prefix}/${index}`)))
